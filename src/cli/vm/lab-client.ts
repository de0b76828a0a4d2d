import { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import { readKubeconfig } from '../../lib/kube/kubeconfig.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { CliError } from '../terminal/failure.ts';

/** Does something with the API of a lab. @throws CliError when the API cannot be reached or refuses */
export async function withLabClient<T>(
  { name, kubeconfig }: LabPaths,
  use: (client: KubeClient) => Promise<T>,
): Promise<T> {
  let client: KubeClient | undefined;
  try {
    client = new KubeClient(readKubeconfig(kubeconfig), { connections: 8, userAgent: 'weft-cli' });
    return await use(client);
  } catch (error) {
    if (error instanceof KubeError) throw new CliError(3, `the API of lab ${name} refuses: ${error.message}`);
    if (isUnreachable(error))
      throw new CliError(3, `the API of lab ${name} cannot be reached: ${error.message}; see \`weft lab status\``);
    throw error;
  } finally {
    await client?.close();
  }
}

function isUnreachable(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|UND_ERR)/.test(code);
}

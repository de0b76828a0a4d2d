/** The embedded API server as a process of its own: `node src/bin/apiserver.ts --dir DIR [--host H] [--port P]`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiServer } from '../services/apiserver/api-server.ts';
import { loadCertificates } from '../services/apiserver/certificates.ts';
import { kubeconfig } from '../services/apiserver/kubeconfig.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: '.' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '6443' },
  },
});
const directory = resolve(values.dir);
await mkdir(directory, { recursive: true });
const certificates = await loadCertificates(join(directory, 'pki'), [values.host]);
const server = new ApiServer({ file: join(directory, 'weft.db'), certificates });
const port = await server.listen({ host: values.host, port: Number(values.port) });
const file = join(directory, 'kubeconfig');
await writeFile(file, kubeconfig(`https://${values.host}:${port}`, certificates), { mode: 0o600 });
console.log(`listening on https://${values.host}:${port}, kubeconfig ${file}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());

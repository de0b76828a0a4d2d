import { expect, test } from 'vitest';
import { createProgram } from './program.ts';
import { CliError } from './terminal/failure.ts';

test.each([
  ['trace', 'vm/demo/web-1', '10.0.0.2', 'tcp', '80', '-o', 'json'],
  ['plan', '-f', 'vpc.yaml'],
  ['doctor'],
  ['webhook', '--port', '9443'],
  ['speaker'],
  ['test', 'conformance'],
  ['lab', 'up', '--kubeconfig', '/root/.kube/config'],
  ['lab', 'up', '--central', '3'],
])('weft %s ... says that it is not built yet', async (...args) => {
  const error = await createProgram([])
    .parseAsync(args, { from: 'user' })
    .then(
      () => expect.unreachable(),
      (thrown: unknown) => thrown as CliError,
    );
  expect(error).toBeInstanceOf(CliError);
  expect([error.exit, error.message]).toEqual([2, expect.stringMatching(/^[^\n]+ is not built yet: [^\n]+; [^\n]+$/)]);
});

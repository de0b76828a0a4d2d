import { describe, expect, test } from 'vitest';
import { type CommandError, run } from './run.ts';

const node = (script: string) => [process.execPath, '-e', script];

test('output of both streams, input, environment and folder; arguments are not for a shell', async () => {
  const script =
    'process.stdin.on("data", (d) => console.log(String(d) + process.env.MARK + process.cwd() + process.argv[1])); console.error("aside")';
  const { stdout, stderr } = await run([...node(script), '$(id); `id`'], {
    input: 'in ',
    env: { MARK: 'mark ' },
    cwd: '/',
  });
  expect([stdout, stderr]).toEqual(['in mark /$(id); `id`', 'aside']);
});

test('lines are told as they come', async () => {
  const lines: string[] = [];
  await run(node('process.stdout.write("one\\ntw"); setTimeout(() => process.stdout.write("o\\n"), 20)'), {
    onLine: (line) => lines.push(line),
  });
  expect(lines).toEqual(['one', 'two']);
});

describe('failures', () => {
  const failure = async (promise: Promise<unknown>) =>
    promise.then(
      () => expect.unreachable(),
      (error: unknown) => error as CommandError,
    );

  test('an exit code, with the last words', async () => {
    const error = await failure(run(node('console.error("first\\nwhy"); process.exitCode = 7')));
    expect([error.exitCode, error.stderr]).toEqual([7, 'first\nwhy']);
    expect(error.message).toMatch(/exit code 7: first \| why$/);
  });

  test('no such command', async () => {
    const error = await failure(run(['/nowhere/command']));
    expect([error.exitCode, error.message]).toEqual([undefined, expect.stringContaining('ENOENT')]);
  });

  test('a deadline, a signal from outside, a signal from within', async () => {
    expect((await failure(run(node('setTimeout(() => {}, 60_000)'), { deadline: 0.1 }))).message).toContain(
      'no end after 0.1 s',
    );
    expect(
      (await failure(run(node('setTimeout(() => {}, 60_000)'), { signal: AbortSignal.abort() }))).message,
    ).toContain('cancelled');
    expect(
      (await failure(run(node('process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 60_000)')))).message,
    ).toContain('killed by SIGTERM');
  });

  test('a command that does not read its input', async () => {
    expect((await run(['true'], { input: 'x'.repeat(1_000_000) })).stdout).toBe('');
  });
});

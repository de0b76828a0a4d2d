import { expect, test } from 'vitest';
import { parseRemote } from './remote.ts';

test.each([
  ['unix:/run/ovn/ovnnb_db.sock', { kind: 'unix', path: '/run/ovn/ovnnb_db.sock' }],
  ['tcp:127.0.0.1:6641', { kind: 'tcp', host: '127.0.0.1', port: 6641 }],
  ['tcp:[::1]:6641', { kind: 'tcp', host: '::1', port: 6641 }],
  ['tcp:db.example', { kind: 'tcp', host: 'db.example', port: 6640 }],
])('%s', (text, remote) => {
  expect(parseRemote(text)).toEqual(remote);
});

test.each(['', 'unix:relative', 'tcp:', 'tcp:host:0', 'tcp:host:70000', 'tcp:::1', 'http://x'])(
  'refuses "%s"',
  (text) => {
    expect(() => parseRemote(text)).toThrow(/^Cannot use the remote ".*": it has no known form\. Use /);
  },
);

test('says that TLS is not there yet', () => {
  expect(() => parseRemote('ssl:127.0.0.1:6641')).toThrow(/TLS is not supported yet/);
});

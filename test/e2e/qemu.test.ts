/** Guests that are real machines, from inside: what they get, what runs in them, and that they stay who they are. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { execa } from 'execa';
import { machine, network, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';
import { isAlive } from '../support/weft.ts';

let lab: TestLab;

const qemu = (name: string, networks: string, more: Readonly<Record<string, string>> = {}) => {
  const { metadata, ...rest } = machine(name, networks);
  const annotations = { ...metadata.annotations, 'weft.lab/guest': 'qemu', ...more };
  return { ...rest, metadata: { ...metadata, annotations } };
};

const inside = async (vm: string, ...command: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await lab.guest(`default/${vm}`, ...command);
  if (code !== 0) throw new Error(`${command.join(' ')} in ${vm} ended with ${code}: ${stderr}`);
  return stdout.trim();
};
const shell = (vm: string, script: string) => inside(vm, 'sh', '-c', script);

/** of the QEMU that runs a machine, by the record of its node */
const qemuPid = async (vm: string): Promise<number> => {
  const texts = await Promise.all(
    ['node1', 'node2'].map((node) => lab.exec(node, 'sh', '-c', 'cat /run/weft/guests/*.json 2>/dev/null')),
  );
  const records = texts.flatMap(({ stdout }) => stdout.match(/\{"namespace".*?\}(?=\{"namespace"|$)/gs) ?? []);
  const found = records
    .map((text) => JSON.parse(text) as { vm?: string; machine?: { process?: { pid: number } } })
    .find((record) => record.vm === vm);
  return found?.machine?.process?.pid ?? 0;
};

const nodeOf = async (vm: string) => (await lab.kubectl('get', 'vmi', vm, '-o', 'jsonpath={.status.nodeName}')).stdout;

beforeAll(async () => {
  lab = await TestLab.make('q');
  await lab.up('--nodes', '2');
  await lab.declare(
    vpc('red'),
    subnet('net1', 'red', '10.0.0.0/16,fd00::/64', {
      enableDHCP: true,
      enableIPv6RA: true,
      dhcpV4Options: 'dns_server=10.0.0.53',
    }),
    subnet('net2', 'red', '10.1.0.0/16'),
    ...['net1', 'net2'].map((name) => network(name, name)),
  );
  await lab.declare(machine('light', 'net1'), qemu('one', 'net1,net2'), qemu('two', 'net1'));
  // the golden guest is made first
  for (const name of ['light', 'one', 'two']) await lab.running(`default/${name}`, 120_000);
}, 180_000);

afterAll(async () => {
  await lab?.remove();
});

test('a clone has its own lease: address, routes, DNS, MTU, host name, DHCPv6', async () => {
  const address = await lab.address('default/one');
  await vi.waitFor(
    async () => expect(await shell('one', 'ip -4 -br addr show eth0')).toContain(`${address}/16`),
    20_000,
  );
  expect(await shell('one', 'ip route show default')).toMatch(/^default via 10\.0\.0\.1 dev eth0 proto dhcp/);
  expect(await shell('one', 'ip route show 10.1.0.0/16 proto dhcp')).toMatch(/via 10\.0\.0\.1 dev eth0/);
  await vi.waitFor(
    async () => expect(await shell('one', 'cat /etc/resolv.conf')).toContain('nameserver 10.0.0.53'),
    20_000,
  );
  expect(await shell('one', 'cat /sys/class/net/eth0/mtu')).toBe('1442');
  expect(await shell('one', 'uname -n')).toBe('one');
  await vi.waitFor(
    async () => expect(await shell('one', 'ip -6 addr show eth0 scope global')).toMatch(/fd00::\w+\/128/),
    20_000,
  );
});

test('a NIC of a subnet without DHCP has what its CNI result says', async () => {
  const { stdout } = await lab.weft('vm', 'list', '-o', 'json');
  const list = JSON.parse(stdout) as { name: string; nics: { ips: string[]; mac: string }[] }[];
  const [, second] = list.find(({ name }) => name === 'one')!.nics;
  expect(await shell('one', 'ip -4 -br addr show eth1')).toContain(`${second!.ips[0]}/16`);
  expect(await shell('one', 'cat /sys/class/net/eth1/address')).toBe(second!.mac);
  expect(await shell('one', 'ip rule')).toMatch(new RegExp(`from ${second!.ips[0]} lookup 101`));
});

test('packets pass both ways, to another machine and to a namespace, also many at once', async () => {
  const [light, two] = [await lab.address('default/light'), await lab.address('default/two')];
  await lab.reaches('default/one', two);
  await lab.reaches('default/light', two);
  await lab.reaches('default/two', light);
  await shell('two', 'iperf3 -s -D -1');
  const { code, stdout } = await lab.guest('default/light', 'iperf3', '-c', two, '-t', '1', '-J');
  expect([code, (JSON.parse(stdout) as { error?: string }).error]).toEqual([0, undefined]);
}, 60_000);

test('clones of one guest have nothing in common that should not be', async () => {
  const drawn = (vm: string) =>
    shell(vm, 'cat /sys/class/net/eth0/address /etc/machine-id; uname -n; head -c 16 /dev/urandom | base64');
  const [one, two] = [(await drawn('one')).split('\n'), (await drawn('two')).split('\n')];
  expect(one).toHaveLength(4);
  for (const [index, value] of one.entries()) expect(value).not.toBe(two[index]);
  const drift = Math.abs(Number(await shell('one', 'date +%s')) - Date.now() / 1000);
  expect(drift).toBeLessThan(30);
});

test('resident memory is below 200 MB', async () => {
  for (const vm of ['one', 'two']) {
    const status = readFileSync(`/proc/${await qemuPid(vm)}/status`, 'utf8');
    expect(Number(/VmRSS:\s+(\d+)/.exec(status)![1])).toBeLessThan(200_000);
  }
});

describe('commands in a guest', () => {
  test('arguments, streams and exit codes are as they are', async () => {
    expect(await inside('one', 'printf', '%s|', 'a', 'b c', '', "d'e")).toBe("a|b c||d'e|");
    const { code, stdout, stderr } = await lab.guest('default/one', 'sh', '-c', 'echo out; echo err >&2; exit 42');
    expect({ code, stdout, stderr }).toEqual({ code: 42, stdout: 'out', stderr: 'err' });
    expect((await lab.guest('default/one', 'nonsense')).code).toBe(127);
    expect((await lab.guest('default/one', 'sh', '-c', 'kill -9 $$')).code).toBe(137);
  });

  test('bytes pass unchanged, in and out', async () => {
    const bytes = randomBytes(1_000_000);
    const sum = createHash('md5').update(bytes).digest('hex');
    const run = (...command: readonly string[]) =>
      execa(process.execPath, ['src/bin/weft.ts', 'vm', 'exec', 'one', '--', ...command], {
        input: bytes,
        encoding: 'buffer',
        env: { WEFT_HOME: lab.home.directory, WEFT_LAB: lab.name },
      });
    expect(Buffer.from((await run('md5sum')).stdout).toString()).toContain(sum);
    expect(
      createHash('md5')
        .update((await run('cat')).stdout)
        .digest('hex'),
    ).toBe(sum);
  }, 60_000);

  test('several at once', async () => {
    const numbers = Array.from({ length: 8 }, (_, index) => String(index));
    const answers = await Promise.all(numbers.map((number) => shell('two', `sleep 1; echo ${number}`)));
    expect(answers).toEqual(numbers);
  });
});

test('the console is a shell of the guest; one at a time', async () => {
  const { code, stdout } = await lab.home.weft(['vm', 'console', '--name', lab.name, 'two'], {
    input: 'echo on $(uname -n)\n',
  });
  expect(code).toBe(0);
  expect(stdout).toContain('on two');
  const env = { WEFT_HOME: lab.home.directory, WEFT_LAB: lab.name };
  const first = execa(process.execPath, ['src/bin/weft.ts', 'vm', 'console', 'two'], {
    stdin: 'pipe',
    env,
    reject: false,
  });
  const heard = new Promise((resolve) => first.stdout.once('data', resolve));
  const knock = setInterval(() => first.stdin.write('\n'), 200);
  await heard;
  clearInterval(knock);
  const second = await lab.weft('vm', 'console', 'two');
  expect([second.code, second.stderr]).toEqual([3, 'somebody else is on this console: QEMU has one for each guest']);
  // Ctrl-]
  first.stdin.write('\u001D');
  expect((await first).exitCode).toBe(0);
}, 60_000);

describe('it stays who it is', () => {
  const identity = () =>
    shell('two', 'cat /sys/class/net/eth0/address /etc/machine-id; ip -4 -o addr show eth0 | grep -o "inet [^ ]*"');

  test('when its node agent is killed', async () => {
    const [before, pid] = [await identity(), await qemuPid('two')];
    const box = await nodeOf('two');
    process.kill(await lab.pidOf(box, 'virt-node'), 'SIGKILL');
    await vi.waitFor(async () => expect(await identity()).toBe(before), 30_000);
    expect(await qemuPid('two')).toBe(pid);
  }, 60_000);

  test('when it reboots itself', async () => {
    const [before, pid] = [await identity(), await qemuPid('two')];
    await lab.guest('default/two', 'sh', '-c', 'touch /run/before; reboot');
    await vi.waitFor(async () => expect(await shell('two', 'test ! -e /run/before; echo $?')).toBe('0'), {
      timeout: 60_000,
      interval: 500,
    });
    await vi.waitFor(async () => expect(await identity()).toBe(before), { timeout: 30_000, interval: 500 });
    expect(await qemuPid('two')).toBe(pid);
    await lab.reaches('default/light', await lab.address('default/two'));
  }, 120_000);

  test('when its QEMU dies: another one runs, with the same addresses', async () => {
    const [before, pid] = [await identity(), await qemuPid('two')];
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await qemuPid('two')).not.toBe(pid), { timeout: 30_000, interval: 200 });
    await vi.waitFor(async () => expect(await identity()).toBe(before), { timeout: 60_000, interval: 500 });
    await lab.reaches('default/light', await lab.address('default/two'));
  }, 120_000);

  test('when it moves: a command and a connection in it go on, and no output is lost', async () => {
    const [before, from] = [await identity(), await nodeOf('two')];
    await shell('two', 'busybox nc -ll -p 7777 -e cat >/dev/null 2>&1 </dev/null &');
    const address = await lab.address('default/two');
    const spoken = lab.guest('default/light', 'sh', '-c', `(echo before; sleep 5; echo after) | nc -N ${address} 7777`);
    const counted = lab.guest('default/two', 'sh', '-c', 'for i in $(seq 60); do echo $i; sleep 0.1; done');
    const moved = await lab.weft('vm', 'migrate', 'two');
    expect(moved.code).toBe(0);
    expect(await nodeOf('two')).not.toBe(from);
    expect((await counted).stdout.split('\n')).toEqual(Array.from({ length: 60 }, (_, index) => String(index + 1)));
    expect((await spoken).stdout).toBe('before\nafter');
    expect(await identity()).toBe(before);
    await lab.reaches('default/light', address);
  }, 120_000);
});

describe.each(['qemu', 'namespace'])('interfaces of a %s guest that runs', (kind) => {
  const name = `plug-${kind}`;
  const devices = () => shell(name, 'ls /sys/class/net');
  const template = (spec: object) =>
    lab.kubectl('patch', 'vm', name, '--type', 'merge', '-p', JSON.stringify({ spec: { template: { spec } } }));
  const networks = (...names: readonly string[]) => names.map((net) => ({ name: net, multus: { networkName: net } }));
  const interfaces = (...faces: readonly object[]) => ({ domain: { devices: { interfaces: faces } } });

  test('come and go, again and again, and their addresses with them', async () => {
    const annotations = { 'weft.lab/guest': kind };
    const spec = {
      runStrategy: 'Always',
      template: { metadata: { annotations }, spec: { networks: networks('net1') } },
    };
    await lab.declare({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name, namespace: 'default' },
      spec,
    });
    await lab.running(`default/${name}`);
    for (const round of ['first', 'second']) {
      const plugged = await template({
        networks: networks('net1', 'net2'),
        ...interfaces({ name: 'net1' }, { name: 'net2' }),
      });
      expect([round, plugged.code]).toEqual([round, 0]);
      await vi.waitFor(async () => expect(await devices()).toContain('eth1'), { timeout: 30_000, interval: 300 });
      await lab.reaches(`default/${name}`, '10.1.0.1');
      const ip = (
        await lab.kubectl('get', 'ip', `${name}.default.net2.default.ovn`, '-o', 'jsonpath={.spec.v4IpAddress}')
      ).stdout;
      await vi.waitFor(async () => expect(await shell(name, 'ip -4 -o addr show eth1')).toContain(ip), 20_000);
      await template(interfaces({ name: 'net1' }, { name: 'net2', state: 'absent' }));
      await vi.waitFor(async () => expect(await devices()).not.toContain('eth1'), { timeout: 30_000, interval: 300 });
      await vi.waitFor(
        async () => expect((await lab.kubectl('get', 'ip', `${name}.default.net2.default.ovn`)).code).not.toBe(0),
        20_000,
      );
      await lab.reaches(`default/${name}`, '10.0.0.1');
    }
  }, 120_000);
});

test('a guest that boots from the kernel on comes up alike', async () => {
  await lab.declare(qemu('cold', 'net1', { 'weft.lab/boot': 'cold' }));
  const address = await lab.running('default/cold');
  await lab.reaches('default/light', address, 60_000);
  expect(await shell('cold', 'uname -n')).toBe('cold');
  await lab.declare(qemu('warm', 'net1', { 'weft.lab/boot': 'warm' }));
  await vi.waitFor(async () => {
    const { stdout } = await lab.kubectl('get', 'vmi', 'warm', '-o', 'jsonpath={.status.conditions[*].message}');
    expect(stdout).toContain('annotation weft.lab/boot is "warm"; use clone or cold, or leave it out');
  }, 20_000);
}, 120_000);

test('a guest that changes its memory faster than it can be sent moves all the same, and its memory is right', async () => {
  await lab.declare(qemu('busy', 'net1', { 'weft.lab/migration-bandwidth': '2Mi' }));
  const address = await lab.running('default/busy');
  await lab.reaches('default/light', address, 60_000);
  const from = await nodeOf('busy');
  const sum = await shell('busy', 'head -c 1000000 /dev/urandom >/root/f; md5sum /root/f');
  // 2 MB: a small guest has not much more to spare; what is found in a page is what was left there in the turn before
  const writer = `$m = "\\0" x 2097152;
    for ($n = 1; ; $n++) {
      for ($p = 0; $p < 2097152; $p += 4096) {
        die "page $p in turn $n\\n" if ord(substr($m, $p, 1)) != ($n - 1) % 256;
        substr($m, $p, 1) = chr($n % 256);
      }
      open($f, ">", "/run/turn"); print $f $n; close $f; rename "/run/turn", "/run/turns";
    }`;
  await shell('busy', `perl -e '${writer}' >/dev/null 2>/run/wrong </dev/null &`);
  await vi.waitFor(async () => expect(await shell('busy', 'cat /run/turns')).toMatch(/^\d+$/), 20_000);
  const moved = await lab.weft('vm', 'migrate', 'busy');
  expect([moved.code, moved.stderr]).toEqual([0, expect.any(String)]);
  expect(await nodeOf('busy')).not.toBe(from);
  const turns = Number(await shell('busy', 'cat /run/turns'));
  await vi.waitFor(async () => expect(Number(await shell('busy', 'cat /run/turns'))).toBeGreaterThan(turns), 20_000);
  expect(await shell('busy', 'cat /run/wrong')).toBe('');
  expect(await shell('busy', 'md5sum /root/f')).toBe(sum);
  await lab.reaches('default/light', address);
}, 120_000);

test('a guest that is deleted leaves nothing behind', async () => {
  const [pid, node] = [await qemuPid('one'), await nodeOf('one')];
  const { code } = await lab.kubectl('delete', 'vm', 'one', '--wait', '--timeout=60s');
  expect(code).toBe(0);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000);
  await vi.waitFor(async () => {
    const { stdout } = await lab.exec(node, 'sh', '-c', 'cat /run/weft/guests/*.json; ls /run/weft/qemu; ip -br link');
    expect(stdout).not.toMatch(/"vm":"one"|\bwq[0-9a-f]{12}\b/);
  }, 20_000);
}, 120_000);

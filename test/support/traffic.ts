/** Programs that run inside guests: servers, probes that say what became of a packet, and flows that count. */
import type { TestLab } from './test-lab.ts';

/** Answers TCP and UDP on both families; ends by itself, or with its guest. */
const ECHO = `
import socket, sys, threading
def tcp(port):
    s = socket.create_server(('', port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        threading.Thread(target=answer, args=(s.accept()[0],), daemon=True).start()
def answer(c):
    c.sendall(c.recv(64))
    c.close()
def udp(port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(('', port))
    while True:
        data, peer = s.recvfrom(64)
        s.sendto(data, peer)
for port in map(int, sys.argv[1:]):
    threading.Thread(target=tcp, args=(port,), daemon=True).start()
    threading.Thread(target=udp, args=(port,), daemon=True).start()
threading.Event().wait(900)
`;

/** All targets at once: open, refused (somebody said no), or silent. */
const PROBE = `
import json, socket, subprocess, sys, threading
targets = json.loads(sys.argv[1])
answers = [None] * len(targets)
def ask(index, protocol, address, port):
    if protocol == 'ping':
        code = subprocess.run(['ping', '-c', '2', '-i', '0.2', '-W', '2', address], stdout=subprocess.DEVNULL).returncode
        answers[index] = 'open' if code == 0 else 'silent'
        return
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM)
    s.settimeout(2)
    try:
        s.connect((address, port))
        s.send(b'hello')
        answers[index] = 'open' if s.recv(64) == b'hello' else 'closed'
    except TimeoutError:
        answers[index] = 'silent'
    except OSError:
        answers[index] = 'refused'
threads = [threading.Thread(target=ask, args=(i, *t)) for i, t in enumerate(targets)]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps(answers))
`;

/** Sends a number every 2 ms for some seconds, from a port of its own, and listens on that port: what came, and what is missing between the first and the last of it. */
const UDP_FLOW = `
import json, socket, sys, threading, time
address, port, seconds, own = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
s.bind(('', own))
s.settimeout(0.2)
seen = set()
end = time.monotonic() + seconds
def listen():
    while time.monotonic() < end + 2:
        try: seen.add(int(s.recv(64)))
        except OSError: pass
reader = threading.Thread(target=listen)
reader.start()
sent = 0
while time.monotonic() < end:
    try:
        s.sendto(b'%08d' % sent, (address, port))
        sent += 1
    except OSError: pass
    time.sleep(0.002)
reader.join()
lost = max(seen) - min(seen) + 1 - len(seen) if seen else 0
print(json.dumps({'sent': sent, 'received': len(seen), 'lost': lost}))
`;

/** the two ends of a TCP stream that is checked byte by byte */
const TCP_SINK = `
import json, socket, sys
pattern = bytes(range(251)) * 300
s = socket.create_server(('', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
s.settimeout(30)
total, wrong = 0, 0
try:
    c = s.accept()[0]
    c.settimeout(20)
    while data := c.recv(65536):
        start = total % 251
        if data != pattern[start:start + len(data)]: wrong += 1
        total += len(data)
except OSError as error:
    print(error, file=sys.stderr)
print(json.dumps({'received': total, 'wrong': wrong}))
`;
const TCP_SOURCE = `
import json, socket, sys, time
pattern = bytes(range(251)) * 300
address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
for _ in range(50):
    try: c = socket.create_connection((address, port), 2); break
    except OSError: time.sleep(0.1)
c.settimeout(20)
end = time.monotonic() + seconds
sent = 0
while time.monotonic() < end:
    c.sendall(pattern[sent % 251:sent % 251 + 1000])
    sent += 1000
    time.sleep(0.002)
c.close()
print(json.dumps({'sent': sent}))
`;

export type Protocol = 'tcp' | 'udp' | 'ping';
export type Answer = 'open' | 'refused' | 'silent';
export type Target = readonly [protocol: Protocol, address: string, port?: number];

export interface Counted {
  readonly sent: number;
  readonly received: number;
  readonly lost?: number;
  /** pieces of a stream that were not what was sent */
  readonly wrong?: number;
}

async function python<T>(lab: TestLab, guest: string, program: string, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await lab.guest(guest, 'python3', '-c', program, ...args);
  if (code !== 0) throw new Error(`${guest}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Servers on these ports, TCP and UDP. */
export async function serve(lab: TestLab, guest: string, ...ports: readonly number[]): Promise<void> {
  const program = 'setsid python3 -c "$0" "$@" > /dev/null 2>&1 &';
  await lab.guest(guest, 'sh', '-c', program, ECHO, ...ports.map(String));
}

export function probe(lab: TestLab, guest: string, targets: readonly Target[]): Promise<Answer[]> {
  const all = targets.map(([protocol, address, port = 0]) => [protocol, address, port]);
  return python(lab, guest, PROBE, JSON.stringify(all));
}

/** `own`: the port to send from and to listen on */
export function udpFlow(
  lab: TestLab,
  guest: string,
  to: string,
  port: number,
  seconds: number,
  own = port,
): Promise<Counted> {
  return python(lab, guest, UDP_FLOW, to, ...[port, seconds, own].map(String));
}

export async function tcpStream(
  lab: TestLab,
  from: string,
  to: { readonly guest: string; readonly address: string; readonly port: number },
  seconds: number,
): Promise<Counted> {
  // the lab's switches hold a packet that is yet to be cut against the MTU of the router, and send it back
  await lab.guest(from, 'ethtool', '-K', 'eth0', 'tso', 'off', 'gso', 'off');
  const [sink, source] = await Promise.all([
    python<Pick<Counted, 'received' | 'wrong'>>(lab, to.guest, TCP_SINK, String(to.port)),
    python<Pick<Counted, 'sent'>>(lab, from, TCP_SOURCE, to.address, String(to.port), String(seconds)),
  ]);
  return { ...sink, ...source };
}

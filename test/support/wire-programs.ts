/** Small programs for the two ends of a wire: `python3 -c PROGRAM ARGUMENTS`. */

/** stores what it gets on a UDP port; arguments: port, file */
export const STORE = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', int(sys.argv[1])))
while True:
    data, peer = s.recvfrom(100)
    with open(sys.argv[2], 'a') as f:
        f.write(peer[0] + '\\n')
`;

/** sends one UDP packet from any address; arguments: source, destination, port */
export const SEND = `
import socket, struct, sys
source, destination, port = sys.argv[1:]
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
udp = struct.pack('!HHHH', 4000, int(port), 12, 0) + b'spoof'[:4]
ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 32, 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(destination))
s.sendto(ip + udp, (destination, 0))
`;

/** counts what it gets over TCP on port 9000, and says how much it was */
export const COUNT = `
import socket
s = socket.socket()
s.bind(('', 9000))
s.listen(5)
while True:
    c, _ = s.accept()
    c.settimeout(10)
    try:
        n = 0
        while data := c.recv(65536):
            n += len(data)
        c.sendall(str(n).encode())
    except OSError:
        pass
    c.close()
`;

/** sends a number of bytes there; arguments: address, bytes */
export const STREAM = `
import socket, sys
s = socket.create_connection((sys.argv[1], 9000), 10)
s.settimeout(10)
s.sendall(bytes(int(sys.argv[2])))
s.shutdown(socket.SHUT_WR)
print(s.recv(20).decode())
`;

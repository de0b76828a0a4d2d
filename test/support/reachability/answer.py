"""Answers with its name: UDP datagrams and TCP connections, of both families, whatever the address they were sent to."""
import socket
import struct
import sys
import threading

NAME = sys.argv[1].encode()
PORT = 7000


def over_tcp():
    server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", PORT))
    server.listen(256)
    while True:
        peer, _ = server.accept()
        try:
            peer.sendall(NAME)
        except OSError:
            pass
        peer.close()


def over_udp(family):
    server = socket.socket(family, socket.SOCK_DGRAM)
    # the answer leaves from the address that was asked
    if family == socket.AF_INET:
        server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
    else:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    server.bind(("", PORT))
    while True:
        _, extra, _, peer = server.recvmsg(100, 200)
        back = []
        for level, kind, data in extra:
            if level == socket.IPPROTO_IP and kind == 8:
                asked = data[8:12]
                back = [(level, kind, struct.pack("@i4s4s", 0, asked, b"\0" * 4))]
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
                back = [(level, kind, data[:16] + struct.pack("@I", 0))]
        try:
            server.sendmsg([NAME], back, 0, peer)
        except OSError:
            pass


threads = [
    threading.Thread(target=over_tcp),
    threading.Thread(target=over_udp, args=(socket.AF_INET,)),
    threading.Thread(target=over_udp, args=(socket.AF_INET6,)),
]
for thread in threads:
    thread.start()

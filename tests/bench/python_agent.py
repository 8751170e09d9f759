#!/usr/bin/python3 -IS
"""python_agent.py - the smallest agent that Python's standard library allows, to see what it costs a node (idle_agent.py).

    python_agent.py HOST PORT TLS_DIR

Holds one mutual TLS connection, sleeps in recv until a line names a unit, restarts that, and answers with systemctl's exit code. That the
other end is gone it learns from the kernel's keepalives. No deadlines, no ledger, no evidence. -IS: without what `site` imports.
"""

import os
import socket
import ssl
import sys
import time

RETRY_SECONDS = 10


def connect(host, port, tls_dir):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(f"{tls_dir}/ca.pem")
    context.load_cert_chain(f"{tls_dir}/cert.pem", f"{tls_dir}/key.pem")
    plain = socket.create_connection((host, port))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 6)
    return context.wrap_socket(plain, server_hostname=host)


def serve(connection):
    """Until the other end closes."""
    while received := connection.recv(4096):
        unit = received.decode().strip()
        code = os.spawnlp(os.P_WAIT, "systemctl", "systemctl", "restart", "--", unit)
        connection.sendall(f"{code}\n".encode())


def main():
    host, port, tls_dir = sys.argv[1:]
    while True:
        try:
            with connect(host, int(port), tls_dir) as connection:
                serve(connection)
        except OSError as error:
            print(error, file=sys.stderr)
        time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()

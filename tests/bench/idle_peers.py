"""idle_peers.py - the other ends of what idle_agent.py compares with muster-agent: keeps the connections of the Python agents, and
then scrapes each node_exporter as Prometheus does: compressed, over a connection that stays.

    idle_peers.py LISTEN_HOST:PORT TLS_DIR SECONDS EXPORTER_HOST:PORT...

Says "listening", "connected HOST" and "scraped HOST" on its standard output, and ends if any of it fails.
"""

import http.client
import socket
import ssl
import sys
import time


def accept(host, port, tls_dir, count):
    """So many connections, once all are up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_verify_locations(f"{tls_dir}/ca.pem")
    context.load_cert_chain(f"{tls_dir}/cert.pem", f"{tls_dir}/key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    connections = []
    with socket.create_server((host, port)) as listener:
        print("listening", flush=True)
        while len(connections) < count:
            plain, (peer, _) = listener.accept()
            connections.append(context.wrap_socket(plain, server_side=True))
            print(f"connected {peer}", flush=True)
    return connections


def scrape(exporter):
    exporter.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    response = exporter.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{exporter.host}: {response.status} {body[:200]}")
    print(f"scraped {exporter.host}: {len(body)} bytes", flush=True)


def main():
    address, tls_dir, seconds, *names = sys.argv[1:]
    host, port = address.split(":")
    _kept = accept(host, int(port), tls_dir, len(names))
    exporters = [http.client.HTTPConnection(name, timeout=30) for name in names]
    while True:
        for exporter in exporters:
            scrape(exporter)
        time.sleep(float(seconds))


if __name__ == "__main__":
    main()

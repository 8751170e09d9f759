"""fake_musterd.py - for the tests of these tests: the /metrics of a small fleet over HTTPS, with a certificate of its own, for whoever has
the token.
"""

import http.server
import os
import socketserver
import ssl
import subprocess
import threading

TOKEN = "token-of-a-test"
GAUGES = """\
muster_build_info{version="0.1.0"} 1
muster_start_time_seconds 1795341600
muster_nodes{role="Compute"} 10
muster_nodes{role="Management"} 2
muster_node_conditions{condition="AgentAttached",status="true",role="Compute"} 9
muster_node_conditions{condition="AgentAttached",status="false",role="Compute"} 1
muster_node_conditions{condition="OrcaActive",status="true",role="Compute"} 9
muster_node_conditions{condition="Subscribed",status="true",role="Compute"} 9
muster_nodes_by_verdict{verdict="well"} 11
muster_nodes_by_verdict{verdict="degraded"} 1
muster_nodes_by_verdict{verdict="unknown"} 0
muster_sessions 11
muster_connections{stage="waiting"} 0
muster_connections{stage="opening"} 1
muster_jobs{state="RUNNING"} 1
muster_tasks{state="VERIFYING"} 3
muster_store_works 1
muster_mailbox_depth 0
muster_mailbox_capacity 100000
muster_resubscription_window 4
muster_resubscription_rate 12.5
muster_hmnfd_list_age_seconds 3.25
muster_hmnfd_subscribers 9
muster_hmnfd_up 1
muster_hsm_age_seconds 12
process_resident_memory_bytes 1.2e+08
process_open_fds 60
process_max_fds 524288
process_threads 9
process_start_time_seconds 1795341600
"""
COUNTERS = """\
muster_health_events_total{condition="OrcaActive",status="false"} 3
muster_attaches_total 14
muster_refusals_total{reason="UNAUTHORIZED"} 2
muster_jobs_ended_total{state="SUCCEEDED"} 5
muster_tasks_ended_total{state="SUCCEEDED",reason="SUBSCRIBED"} 50
muster_store_commit_failures_total 0
muster_mailbox_refused_total 0
process_cpu_seconds_total 12.5
"""
HISTOGRAMS = ("muster_dispatch_latency_seconds", "muster_outcome_latency_seconds", "muster_store_commit_seconds")


def samples_text(kind, samples):
    lines, said = [], set()
    for line in samples.splitlines():
        name = line.split("{")[0].split(" ")[0]
        if name not in said:
            lines += [f"# HELP {name} Of a fleet that is not there.", f"# TYPE {name} {kind}"]
            said.add(name)
        lines.append(line)
    return "\n".join(lines) + "\n"


def histogram_text(name):
    buckets = "".join(f'{name}_bucket{{le="{bound}"}} {count}\n' for bound, count in [("0.01", 5), ("0.1", 8), ("1", 9), ("+Inf", 9)])
    return f"# HELP {name} Of a fleet that is not there.\n# TYPE {name} histogram\n{buckets}{name}_sum 1.5\n{name}_count 9\n"


def metrics_text():
    return samples_text("gauge", GAUGES) + samples_text("counter", COUNTERS) + "".join(map(histogram_text, HISTOGRAMS))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET /metrics."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, '{"error":"an operator\'s certificate or the token is needed"}', "application/json")
        elif self.path != "/metrics":
            self.answer(404, '{"error":"there is no such page"}', "application/json")
        else:
            self.answer(200, self.server.text, "text/plain; version=0.0.4; charset=utf-8")

    def answer(self, status, text, kind):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Peers that go away in the middle, or do not trust the certificate, are none of the test's."""


def make_certificate(directory):
    """(certificate, key) of 127.0.0.1, signed by itself."""
    certificate, key = os.path.join(directory, "fake.pem"), os.path.join(directory, "fake-key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                    "-subj", "/CN=fake", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True, timeout=30)
    return certificate, key


class FakeMusterd:
    """Serves `text` until close(); its certificate is its own authority, `ca`."""

    def __init__(self, directory, text=None):
        self.ca, key = make_certificate(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.text = metrics_text() if text is None else text
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

#!/usr/bin/env python3
"""scrape_check.py - a real Prometheus at a musterd: it scrapes it, evaluates the rules of packaging/prometheus, and says what it has found.

    scrape_check.py --url https://mgmt-nmn:7422 --ca ca.pem --token-file token [--query muster_sessions]… [--server-name NAME]

prints, as JSON, how many series there are, what each query answers, and which alerts are pending or firing; exit code 1 and a sentence if
the text, the scrape or a rule is not as it should be. As a library: `check_text`, `fetch`, and `Prometheus`, which is a context. All
that it needs is in a directory of its own, and ends with it. Where musterd has a network namespace, this must run in it.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import rules
from exposition import exposed_names, metrics_of, series_count

MAX_SERIES = 2000
# For Prometheus to come up, to scrape and to evaluate; seconds.
LIMIT = 60


def wait_until(condition, what, limit=LIMIT):
    """The first true value of condition(); polls, since what is awaited happens in another process."""
    deadline = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what() if callable(what) else what}")
        time.sleep(0.05)
    return value


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def fetch(url, ca, token, server_name=None):
    """(status, headers, text) of GET URL/metrics."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=ca)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=10)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.sock = context.wrap_socket(plain, server_hostname=server_name or parts.hostname)
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()
        plain.close()


def check_text(text):
    """{name: Metric} of a text that promtool finds nothing to say of, that is not too much, and that has all that rules and dashboard ask
    for."""
    metrics = metrics_of(text)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise AssertionError(f"promtool check metrics: {done.stdout}{done.stderr}")
    if series_count(metrics) > MAX_SERIES:
        raise AssertionError(f"{series_count(metrics)} series; at most {MAX_SERIES} should be, however many nodes there are")
    if unknown := rules.unknown_names(exposed_names(metrics)):
        raise AssertionError("metrics that nobody gives: " + "; ".join(unknown))
    return metrics


def config_text(url, ca, token_file, server_name):
    """JSON is YAML."""
    tls = {"ca_file": os.path.abspath(ca), **({"server_name": server_name} if server_name else {})}
    scrape = {"job_name": "muster", "scheme": "https", "tls_config": tls,
              "authorization": {"credentials_file": token_file},
              "static_configs": [{"targets": [urllib.parse.urlsplit(url).netloc]}]}
    return json.dumps({"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                       "rule_files": [os.path.abspath(rules.RULES)], "scrape_configs": [scrape]})


class Prometheus:
    """Scrapes the musterd at `url` each second and evaluates the rules, from `with` to its end."""

    def __init__(self, url, ca, token, server_name=None):
        self.directory = tempfile.TemporaryDirectory(prefix="muster-prometheus-")
        self.base = f"http://127.0.0.1:{free_port()}"
        config, token_file = os.path.join(self.directory.name, "prometheus.yml"), os.path.join(self.directory.name, "token")
        with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(token)
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(url, ca, token_file, server_name))
        self.log_path = os.path.join(self.directory.name, "log")
        self.popen = None

    def __enter__(self):
        command = ["prometheus", f"--config.file={self.directory.name}/prometheus.yml", f"--storage.tsdb.path={self.directory.name}/data",
                   f"--web.listen-address={urllib.parse.urlsplit(self.base).netloc}"]
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(command, cwd=self.directory.name, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self.is_ready, self.log)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *problem):
        self.close()

    def close(self):
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(10)
        self.directory.cleanup()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "Prometheus says: " + "".join(file.readlines()[-20:])

    def is_ready(self):
        if self.popen.poll() is not None:
            raise AssertionError(self.log())
        try:
            with urllib.request.urlopen(f"{self.base}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, what, **parameters):
        """The data of /api/v1/WHAT."""
        try:
            with urllib.request.urlopen(f"{self.base}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{what} {parameters}: {error.read().decode()}") from None

    def values(self, query):
        """[({label: value}, number), …]"""
        data = self.ask("query", query=query)
        result = [{"metric": {}, "value": data["result"]}] if data["resultType"] == "scalar" else data["result"]
        return [(one["metric"], float(one["value"][1])) for one in result]

    def value(self, query):
        """Of a query that has one series; None if it has none."""
        found = self.values(query)
        if len(found) > 1:
            raise AssertionError(f"{query}: {found}")
        return found[0][1] if found else None

    def alerts(self):
        """{name of an alert: its state}, of those that are pending or firing."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.ask("alerts")["alerts"]}

    def target(self):
        """Of the musterd: {"health": "up", "lastError": "", …}"""
        found = self.ask("targets", state="active")["activeTargets"]
        return found[0] if found else {"health": "unknown", "lastError": ""}

    def rules(self):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def await_scraped(self):
        """Until the target is up."""
        wait_until(lambda: self.target()["health"] == "up", lambda: f"musterd is scraped: {self.target()['lastError']}")

    def await_evaluated(self):
        """Until each rule was evaluated with the target up. The first that has failed is an error."""
        self.await_scraped()

        def is_evaluated():
            for rule in self.rules():
                if rule["health"] == "err":
                    raise AssertionError(f"{rule['name']}: {rule['lastError']}")
            return all(rule["health"] == "ok" for rule in self.rules()) and self.value("count(muster:uptime_seconds)")

        wait_until(is_evaluated, lambda: f"all rules are evaluated: {[rule['name'] for rule in self.rules() if rule['health'] != 'ok']}")


def check(url, ca, token, queries=(), server_name=None):
    """What the program prints."""
    status, _, text = fetch(url, ca, token, server_name)
    if status != 200:
        raise AssertionError(f"{url}/metrics: {status}: {text}")
    metrics = check_text(text)
    with Prometheus(url, ca, token, server_name) as prometheus:
        prometheus.await_evaluated()
        return {"series": series_count(metrics), "values": {query: prometheus.values(query) for query in queries},
                "alerts": prometheus.alerts()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--query", action="append", default=[])
    parser.add_argument("--server-name")
    options = parser.parse_args()
    token = rules.text_of(options.token_file).strip()
    try:
        print(json.dumps(check(options.url, options.ca, token, options.query, options.server_name)))
    except (AssertionError, OSError) as error:
        print(f"scrape_check: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

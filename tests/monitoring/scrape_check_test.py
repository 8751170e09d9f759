"""scrape_check_test.py - a real Prometheus at a musterd that is none, and what is wrong with texts and fleets."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

import rules
import scrape_check
from exposition import exposed_names, metrics_of, names_in, series_count
from fake_musterd import TOKEN, FakeMusterd, metrics_text


class ExpositionTest(unittest.TestCase):
    def test_samples_are_read(self):
        metrics = metrics_of('# HELP a b \\n c\n# TYPE a counter\na{x="1",y="a\\"b}"} 2.5\na{x="2"} +Inf\nb 1 1000\n')
        self.assertEqual(metrics["a"].kind, "counter")
        self.assertEqual(metrics["a"].samples, [("a", {"x": "1", "y": 'a\\"b}'}, 2.5), ("a", {"x": "2"}, float("inf"))])
        self.assertEqual(series_count(metrics), 3)

    def test_histograms_are_one_metric(self):
        metrics = metrics_of(metrics_text())
        self.assertEqual(len(metrics["muster_store_commit_seconds"].samples), 6)
        self.assertIn("muster_store_commit_seconds_bucket", exposed_names(metrics))
        self.assertNotIn("muster_store_commit_seconds", exposed_names(metrics))

    def test_a_metric_without_series_counts_when_it_is_declared(self):
        self.assertEqual(exposed_names(metrics_of("# TYPE a gauge\n")), {"a"})

    def test_what_is_no_text_is_refused(self):
        for text in ["a 1", "a\n", "a{x=1} 1\n", 'a{x="1" 1\n', "a 1\na 2\n", 'a{x="1",x="2"} 1\n', "1a 1\n", 'a{x="\n"} 1\n']:
            with self.subTest(text), self.assertRaises((AssertionError, ValueError)):
                metrics_of(text)

    def test_names_of_an_expression(self):
        for expression, names in [("sum by (role) (a_b) / on (job, instance) group_left (x) c:d", {"a_b", "c:d"}),
                                  ('a{b="c or d{}"} unless ignoring (e) f offset 5m', {"a", "f"}),
                                  ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m]))) > bool 2^30", {"a_bucket"}),
                                  ("time() - a > 1e9 or vector(0)", {"a"}), ("sum without (x) (rate(a{b!~'c'}[2m:30s]))", {"a"})]:
            with self.subTest(expression):
                self.assertEqual(names_in(expression), names)


class TextTest(unittest.TestCase):
    def test_what_musterd_tells_is_taken(self):
        self.assertEqual(len(scrape_check.check_text(metrics_text())["muster_nodes"].samples), 2)

    def test_what_is_wrong_is_said(self):
        many = "".join(f'muster_connections{{stage="s{number}"}} 0\n' for number in range(scrape_check.MAX_SERIES))
        for text, problem in [(metrics_text().replace("# HELP muster_jobs Of a fleet that is not there.\n", ""), "muster_jobs"),
                              (metrics_text().replace("muster_store_works", "muster_store_went"), "MusterStoreDoesNotWork"),
                              (metrics_text().replace('muster_connections{stage="waiting"} 0\n', many), "series")]:
            with self.subTest(problem), self.assertRaisesRegex(AssertionError, problem):
                scrape_check.check_text(text)


class ScrapeTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def fake(self, text=None):
        fake = FakeMusterd(self.directory, text)
        self.addCleanup(fake.close)
        return fake

    def test_a_fleet_is_scraped_and_judged(self):
        fake = self.fake(metrics_text().replace("muster_hmnfd_up 1", "muster_hmnfd_up 0"))
        with scrape_check.Prometheus(fake.url, fake.ca, TOKEN) as prometheus:
            prometheus.await_evaluated()
            self.assertEqual(prometheus.value("muster_sessions"), 11)
            self.assertEqual(prometheus.value("sum(muster_nodes)"), 12)
            self.assertIsNone(prometheus.value("muster_nothing"))
            # The rules see it a second after the start.
            scrape_check.wait_until(lambda: prometheus.alerts().get("MusterHmnfdDown") == "pending", "the alert is pending")
            self.check_dashboard(prometheus)
            directory, popen = prometheus.directory.name, prometheus.popen
        self.assertIsNotNone(popen.poll())
        self.assertFalse(os.path.exists(directory))

    def check_dashboard(self, prometheus):
        """Each expression can be evaluated, and not only parsed."""
        for where, expression in rules.expressions_of(rules.dashboard_of()):
            with self.subTest(where):
                prometheus.values(expression)

    def test_the_token_is_needed(self):
        fake = self.fake()
        self.assertEqual(scrape_check.fetch(fake.url, fake.ca, "another")[0], 401)
        self.assertEqual(scrape_check.fetch(fake.url, fake.ca, None)[0], 401)
        with scrape_check.Prometheus(fake.url, fake.ca, "another") as prometheus:
            target = scrape_check.wait_until(lambda: prometheus.target() if prometheus.target()["lastError"] else None, "a scrape")
        self.assertIn("401", target["lastError"])

    def test_the_program_prints_what_it_was_asked(self):
        fake = self.fake()
        token_file = os.path.join(self.directory, "token")
        with open(token_file, "w", encoding="ascii") as file:
            file.write(TOKEN + "\n")
        command = ["scrape_check.py", "--url", fake.url, "--ca", fake.ca, "--token-file", token_file, "--query", "muster_store_works"]
        out = io.StringIO()
        with mock.patch.object(sys, "argv", command), contextlib.redirect_stdout(out):
            self.assertEqual(scrape_check.main(), 0)
        self.assertIn('"series": ', out.getvalue())

    def test_nobody_there_is_a_sentence(self):
        fake = self.fake()
        token_file = os.path.join(self.directory, "token")
        with open(token_file, "w", encoding="ascii") as file:
            file.write("another")
        error = io.StringIO()
        command = ["scrape_check.py", "--url", fake.url, "--ca", fake.ca, "--token-file", token_file]
        with mock.patch.object(sys, "argv", command), contextlib.redirect_stderr(error):
            self.assertEqual(scrape_check.main(), 1)
        self.assertIn("401", error.getvalue())


if __name__ == "__main__":
    unittest.main()

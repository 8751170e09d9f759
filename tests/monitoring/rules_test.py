"""rules_test.py - the rules for Prometheus, their own tests, the example of a configuration, and the dashboard of Grafana."""

import json
import os
import re
import subprocess
import tempfile
import unittest

import rules
from exposition import exposed_names, metrics_of
from fake_musterd import metrics_text

SEVERITIES = {"critical", "warning", "info"}
# Labels that one node has and no other: an alert with one of these would come ten thousand times.
OF_A_NODE = re.compile(r"\b(node|xname|nid|host|hostname)\b")
# Of Okabe and Ito, and a grey.
COLOURS = {"#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#999999"}
PLUGINS = {"row", "stat", "timeseries", "bargauge"}
VERBS = {"health", "status", "subscriptions", "resubscribe", "restart", "node", "job", "operation", "content", "pki"}
COLUMNS = 24


def promtool(*arguments):
    """(exit code, what it said)"""
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=240)
    return done.returncode, done.stdout + done.stderr


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.rules = rules.rules_of(rules.text_of(rules.RULES))
        self.alerts = [rule for rule in self.rules if rule.kind == "alert"]

    def test_promtool_finds_nothing(self):
        code, said = promtool("check", "rules", "--lint=all", "--lint-fatal", rules.RULES)
        self.assertEqual(code, 0, said)
        self.assertIn(f"{len(self.rules)} rules found", said, "what is read here is what promtool reads")

    def test_alerts_come_when_they_should(self):
        code, said = promtool("test", "rules", *rules.RULES_TESTS)
        self.assertEqual(code, 0, said)

    def test_each_alert_is_expected_by_a_test(self):
        expected = set()
        for path in rules.RULES_TESTS:
            expected |= set(re.findall(r"alertname=\"(\w+)\"", rules.text_of(path)))
        self.assertEqual(expected, {alert.name for alert in self.alerts})

    def test_each_alert_says_what_to_type(self):
        for alert in self.alerts:
            with self.subTest(alert.name):
                self.assertTrue(alert.has("summary: ") and alert.has("description: "), alert.text)
                # changes() over an hour waits by itself.
                self.assertTrue(alert.has("for: ") or "[1h]" in alert.expression, alert.text)
                self.assertIn(re.search(r"labels: \{severity: (\w+)\}", alert.text)[1], SEVERITIES)
                self.assertRegex(alert.text, r"`[a-z]+ [^`]+`")

    def test_commands_of_muster_exist(self):
        for rule in self.alerts:
            for verb in re.findall(r"`muster (\w+)", rule.text):
                self.assertIn(verb, VERBS, rule.name)

    def test_no_alert_is_of_one_node(self):
        for rule in self.rules:
            labels = "".join(re.findall(r"\{[^}]*\}|\([a-z, ]*\)", rule.expression))
            self.assertNotRegex(labels, OF_A_NODE, rule.name)

    def test_all_metrics_are_musterds(self):
        self.assertEqual(rules.unknown_names(exposed_names(metrics_of(metrics_text()))), [])

    def test_a_metric_that_is_gone_is_named(self):
        exposed = exposed_names(metrics_of(metrics_text())) - {"muster_store_works"}
        self.assertIn("MusterStoreDoesNotWork: muster_store_works", rules.unknown_names(exposed))


class ConfigTest(unittest.TestCase):
    def test_promtool_takes_the_example(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in [("muster.rules.yml", rules.text_of(rules.RULES)), ("muster-ca.pem", ""), ("muster-token", "token"),
                               ("prometheus.yml", rules.text_of(rules.CONFIG).replace("/etc/prometheus/", directory + "/"))]:
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.write(text)
            code, said = promtool("check", "config", os.path.join(directory, "prometheus.yml"))
        self.assertEqual(code, 0, said)
        self.assertIn("rules found", said)


class DashboardTest(unittest.TestCase):
    def setUp(self):
        self.dashboard = rules.dashboard_of()
        self.panels = rules.panels_of(self.dashboard)

    def test_panels_say_what_they_are(self):
        for panel in self.panels:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"])
                self.assertIn(panel["type"], PLUGINS)
                self.assertEqual(panel["datasource"], {"type": "prometheus", "uid": "${datasource}"})
                self.assertTrue(panel["targets"])

    def test_ids_and_titles_are_unique(self):
        for what in ("id", "title"):
            values = [panel[what] for panel in self.dashboard["panels"]]
            self.assertEqual(len(values), len(set(values)), values)

    def test_no_panel_lies_on_another(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], COLUMNS, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, f"{panel['title']} and {taken.get((x, y))}")
                    taken[x, y] = panel["title"]

    def test_colours_are_told_apart_by_all_eyes(self):
        colours = set(re.findall(r'"(?:color|fixedColor|iconColor)": "([^"]+)"', rules.text_of(rules.DASHBOARD)))
        self.assertLessEqual(colours, COLOURS)

    def test_lines_have_colours_of_their_own(self):
        for panel in self.panels:
            overrides = panel["fieldConfig"]["overrides"]
            colours = [override["properties"][0]["value"]["fixedColor"] for override in overrides]
            self.assertEqual(len(colours), len(set(colours)), panel["title"])
            if panel["type"] == "timeseries":
                named = {override["matcher"]["options"] for override in overrides}
                plain = {target["legendFormat"] for target in panel["targets"] if "{{" not in target["legendFormat"]}
                self.assertLessEqual(plain, named, panel["title"])

    def test_all_expressions_parse(self):
        recorded = [{"record": "panel:expression", "labels": {"panel": where}, "expr": expression}
                    for where, expression in rules.expressions_of(self.dashboard)]
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "dashboard.yml")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"groups": [{"name": "dashboard", "rules": recorded}]}, file)
            code, said = promtool("check", "rules", path)
        self.assertEqual(code, 0, said)
        self.assertIn(f"{len(recorded)} rules found", said)


if __name__ == "__main__":
    unittest.main()

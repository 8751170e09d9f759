"""rules.py - what is in packaging/prometheus and packaging/grafana: expressions, alerts, panels."""

import json
import os
import re

from exposition import names_in

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGING = os.path.join(HERE, "..", "..", "packaging")
RULES = os.path.join(PACKAGING, "prometheus", "muster.rules.yml")
RULES_TESTS = [os.path.join(PACKAGING, "prometheus", name) for name in ("muster.rules.test.yml", "muster.rules.fleet.test.yml")]
CONFIG = os.path.join(PACKAGING, "prometheus", "prometheus.yml.example")
DASHBOARD = os.path.join(PACKAGING, "grafana", "muster.json")
# What Prometheus itself makes for each target and each alert.
OF_PROMETHEUS = {"up", "ALERTS"}


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Rule:
    """A rule as the file has it. There is no YAML in the standard library; promtool checks that it is YAML, this reads its usual lines."""

    def __init__(self, lines):
        self.lines = lines
        self.kind, self.name = re.fullmatch(r"  - (record|alert): (\S+)", lines[0]).groups()

    @property
    def expression(self):
        first = next(index for index, line in enumerate(self.lines) if line.startswith("    expr: "))
        words = [self.lines[first].removeprefix("    expr: ").removeprefix(">-")]
        for line in self.lines[first + 1:]:
            if not line.startswith("      "):
                break
            words.append(line.strip())
        return " ".join(words).strip()

    def has(self, beginning):
        return any(line.strip().startswith(beginning) for line in self.lines)

    @property
    def text(self):
        return "\n".join(self.lines)


def rules_of(text):
    rules, lines = [], []
    for line in text.splitlines() + ["- name: end"]:
        is_begin = line.startswith("  - ")
        if (is_begin or line.startswith("- ")) and lines:
            rules.append(Rule(lines))
            lines = []
        if is_begin or lines:
            lines.append(line)
    return rules


def panels_of(dashboard):
    """All but the rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions_of(dashboard):
    """[("title A", expression), …], with values for Grafana's variables."""
    values = {"$__rate_interval": "2m", "$__range": "1h", "$instance": "mgmt-nmn:7422"}
    values |= {f"${variable['name']}": variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "constant"}

    def filled(expression):
        for name, value in values.items():
            expression = expression.replace(name, value)
        return expression

    return [(f"{panel['title']} {target['refId']}", filled(target["expr"]))
            for panel in panels_of(dashboard) for target in panel["targets"]]


def dashboard_of(path=DASHBOARD):
    return json.loads(text_of(path))


def unknown_names(exposed):
    """["where: name", …] of what rules and dashboard ask for and nobody gives."""
    rules = rules_of(text_of(RULES))
    known = exposed | OF_PROMETHEUS | {rule.name for rule in rules if rule.kind == "record"}
    asked = [(rule.name, rule.expression) for rule in rules] + expressions_of(dashboard_of())
    return [f"{where}: {name}" for where, expression in asked for name in sorted(names_in(expression) - known)]

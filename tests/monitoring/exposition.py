"""exposition.py - what a program tells in Prometheus's text format, and which metrics an expression asks for."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (\S+)(?: (-?\d+))?")
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
# What is left of an expression when labels are gone, and is no metric's name.
WORDS = {"and", "or", "unless", "bool", "offset", "atan2", "start", "end", "inf", "nan", "by", "without", "on", "ignoring",
         "group_left", "group_right"}
GROUPINGS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")


class Metric:
    """One metric: its type, its help, and [(name, {label: value}, value), …]."""

    def __init__(self, name):
        self.name, self.kind, self.help, self.samples = name, "untyped", None, []

    @property
    def names(self):
        """Those that its samples have, also while there is none."""
        return {self.name + part for part in PARTS.get(self.kind, ("",))}


def sample_of(line):
    """(name, {label: value}, value)"""
    match = SAMPLE.fullmatch(line)
    if not match:
        raise AssertionError(f"no sample: {line!r}")
    labels = re.findall(LABEL, match[2] or "")
    if len(dict(labels)) != len(labels):
        raise AssertionError(f"a label twice: {line!r}")
    return match[1], dict(labels), float(match[5])


def owner_of(name, metrics):
    """The metric that a sample of this name is of."""
    for metric in reversed(metrics.values()):
        if name in metric.names:
            return metric
    return metrics.setdefault(name, Metric(name))


def metrics_of(text):
    """{name: Metric} of a text. An AssertionError tells what is not as the format wants it, or is there twice."""
    if not text.endswith("\n"):
        raise AssertionError("the last line has no end")
    metrics, seen = {}, set()
    for line in text.splitlines():
        word = line.split(" ", 3)
        if word[:2] in (["#", "HELP"], ["#", "TYPE"]):
            metric = metrics.setdefault(word[2], Metric(word[2]))
            if word[1] == "HELP":
                metric.help = word[3]
            else:
                metric.kind = word[3]
        elif line and not line.startswith("#"):
            name, labels, value = sample_of(line)
            key = name, tuple(sorted(labels.items()))
            if key in seen:
                raise AssertionError(f"a series twice: {line!r}")
            seen.add(key)
            owner_of(name, metrics).samples.append((name, labels, value))
    return metrics


def exposed_names(metrics):
    """Of all samples there are or may be; a metric that is declared counts while it has none."""
    return {name for metric in metrics.values() for name in metric.names}


def series_count(metrics):
    return sum(len(metric.samples) for metric in metrics.values())


def names_in(expression):
    """Of the metrics that a PromQL expression asks for."""
    rest = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', '""', expression)
    rest = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", rest)
    rest = GROUPINGS.sub(" ", rest)
    found = re.findall(rf"(?<![\w:.])({NAME})(?!\s*\(|[\w:])", rest)
    return {name for name in found if name.lower() not in WORDS}

"""What benchmarks have measured: samples of each figure, and the one table of their medians.

A figure is known by what it is and by the size it was measured at. The file that keeps samples has one of them a line, so that runs of several
days, or of several parts, make one table.
"""

import dataclasses
import json
import os
import statistics


@dataclasses.dataclass(frozen=True)
class Aim:
    """What the project wants of a figure."""

    limit: float
    is_least: bool = False  # it is not to be below the limit; otherwise not above

    def is_met(self, value):
        return value >= self.limit if self.is_least else value <= self.limit

    def __str__(self):
        return f"{'>=' if self.is_least else '<='} {self.limit:g}"


class Figures:
    def __init__(self, path=None, aims=None):
        """`path`: the file to add to, if any. `aims`: {(what, size): Aim}"""
        self.path = path
        self.aims = aims or {}
        self.samples = {}  # {(what, size, unit): [value]}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    self._keep(**json.loads(line))

    def _keep(self, what, size, unit, value):
        self.samples.setdefault((what, size, unit), []).append(value)

    def add(self, what, size, unit, value):
        sample = {"what": what, "size": size, "unit": unit, "value": value}
        self._keep(**sample)
        print(f"  {what}, {size:,}: {shown(value)} {unit}", flush=True)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(sample) + "\n")

    def median(self, what, size):
        """None if it was not measured."""
        for (name, at, _), values in self.samples.items():
            if (name, at) == (what, size):
                return statistics.median(values)
        return None

    def print(self):
        """Whether every aim was met."""
        rows, is_met = [], True
        for (what, size, unit), values in self.samples.items():
            median, aim = statistics.median(values), self.aims.get((what, size))
            is_met = is_met and (aim is None or aim.is_met(median))
            rows.append({"what": what, "nodes": f"{size:,}", "median": shown(median), "unit": unit,
                         "lowest": shown(min(values)), "highest": shown(max(values)), "runs": len(values),
                         "aim": aim or "", "": "" if aim is None else "met" if aim.is_met(median) else "MISSED"})
        print_table(f"Medians; {os.cpu_count()} CPUs, which controller and agents share", rows)
        return is_met


def shown(value):
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def print_table(title, rows):
    """rows: [{column: text}], all with the same columns."""
    print(f"\n{title}")
    columns = list(rows[0])
    widths = [max(len(column), *(len(str(row[column])) for row in rows)) for column in columns]
    for cells in (columns, *([row[column] for column in columns] for row in rows)):
        line = [str(cells[0]).ljust(widths[0]), *(str(cell).rjust(width) for cell, width in zip(cells[1:], widths[1:]))]
        print("  ".join(line).rstrip(), flush=True)

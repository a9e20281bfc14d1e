"""What each file of tests costs: seconds of CPU, its own and its processes', beside those that passed on the clock.

`--cpu` ends a run with the table. On a machine that does other things too, CPU can be compared with an earlier run's
and the clock cannot. A process that has ended counts when somebody has waited for it. What is set up for several files
counts for the first of them.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

SHOWN = 40
COLLECTION = "(imports and collection)"
Cost = tuple[float, float, float]  # CPU of this process, CPU of its processes, clock


class CostPlugin:
    """Measure between one report and the next; the process that prints adds up what the workers send."""

    def __init__(self) -> None:
        self.by_file: defaultdict[str, Cost] = defaultdict(lambda: (0.0, 0.0, 0.0))
        self._seen = (0.0, 0.0, time.perf_counter())
        self._running = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        result = yield
        cost = self._since()
        if (output := getattr(session.config, "workeroutput", None)) is None:
            self._add(COLLECTION, cost)
        else:
            output["collection"] = cost
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if item.get_closest_marker("process"):  # the others start none, and to look costs more than they do
            self._running = sum(_running())
        vars(report)["cost"] = self._since()  # carried from a worker like all that is in it
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._add(report.nodeid.partition("::")[0], report.cost)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._add(COLLECTION, getattr(node, "workeroutput", {}).get("collection", (0.0, 0.0, 0.0)))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        by_folder: defaultdict[str, Cost] = defaultdict(lambda: (0.0, 0.0, 0.0))
        for file, cost in self.by_file.items():
            folder = file.rpartition("/")[0] or file
            by_folder[folder] = _sum(by_folder[folder], cost)
        total = (0.0, 0.0, 0.0)
        for cost in by_folder.values():
            total = _sum(total, cost)
        terminalreporter.write_line(f"{'CPU s':>8} {'children':>8} {'clock':>8}")
        dearest = sorted(self.by_file.items(), key=_cpu)[:SHOWN]
        for name, cost in (*dearest, *sorted(by_folder.items(), key=_cpu), ("all", total)):
            own, children, clock = cost
            terminalreporter.write_line(f"{own + children:8.1f} {children:8.1f} {clock:8.1f}  {name}")

    def _add(self, file: str, cost: Cost) -> None:
        self.by_file[file] = _sum(self.by_file[file], cost)

    def _since(self) -> Cost:
        own, children = (
            usage.ru_utime + usage.ru_stime
            for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )
        seen, self._seen = self._seen, (own, children + self._running, time.perf_counter())
        return (own - seen[0], self._seen[1] - seen[1], self._seen[2] - seen[2])


def _running() -> Iterator[float]:
    """Yield what each process that still runs has used, with those that it has waited for."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            yield used.user + used.system + used.children_user + used.children_system


def _sum(first: Cost, second: Cost) -> Cost:
    return (first[0] + second[0], first[1] + second[1], first[2] + second[2])


def _cpu(named: tuple[str, Cost]) -> float:
    return -(named[1][0] + named[1][1])

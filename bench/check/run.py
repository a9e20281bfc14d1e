"""Every case, tool by tool in turns, so that a noisy machine hits all alike."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from bench.check import cases, data
from bench.check.cases import Case
from bench.check.data import Sample
from bench.check.found import Found
from bench.check.judge import Marks, judge
from bench.check.measure import Cost, Limits, measure
from bench.check.tools import SUIMON, YARDSTICK, Tool
from suimon.contract.odcs.parse import read_contract

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: Python interpreters, and the folder for files and scratch."""

    project: Path
    bench: Path
    folder: Path


@dataclass(slots=True)
class Result:
    """A tool on a case's file: medians of its runs, or why there is none."""

    case: Case
    tool: Tool
    bytes: int  # of the file's text, decompressed
    runs: list[Cost] = field(default_factory=list)
    found: Found | None = None
    marks: Marks | None = None
    not_run: str = ""

    @property
    def wall(self) -> float:
        """Seconds by the wall clock."""
        return median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        """Seconds of processor."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> int:
        """Bytes of memory, of the run that took most."""
        return max(run.peak for run in self.runs)

    @property
    def per_core(self) -> float:
        """Megabytes of the file for each second of processor."""
        return self.bytes / cases.MEGABYTE / max(self.cpu, 0.01)

    @property
    def stopped(self) -> str:
        """Why the last run did not end by itself; empty if it did."""
        last = self.runs[-1]
        return {
            "ended": "",
            "failed": f"ended with an error: {self.found.complaint if self.found else ''}",
            "memory": f"stopped: more than {last.peak / cases.MEGABYTE:,.0f} MB of memory",
            "time": f"stopped after {last.wall:,.0f} s",
        }[last.outcome]

    @property
    def whole(self) -> bool:
        """Whether the tool read the file to its end."""
        return bool(self.runs) and not self.stopped and not (self.found and self.found.complaint)


def run_case(
    case: Case, places: Places, limits: Limits, earlier: list[Result], tell: Callable[[str], None]
) -> Iterator[Result]:
    """Measure every tool of a case, in turns; yield each result when it is complete."""
    tell(f"{case.title}: making {case.sample.rows:,} records")
    path = data.make(case.sample, places.folder)
    try:
        contract = _compiled(case.sample, places.folder)
        truth = data.truth(case.sample)
        results = [Result(case, tool, data.text_size(path)) for tool in case.tools]
        for result in results:
            result.not_run = _hopeless(result, earlier, limits)
        for turn in range(case.rounds):
            _read(path)
            for result in results:
                if result.not_run or (turn and not _again(result)):
                    continue
                tell(f"{case.title}: {result.tool.name}, run {turn + 1}")
                cost, result.found = _once(result.tool, path, contract, places, limits)
                result.runs.append(cost)
    finally:
        path.unlink()
    for result in results:
        if result.found:
            result.marks = judge(result.found, truth)
        yield result


def _again(result: Result) -> bool:
    if result.stopped:
        return False
    return result.tool in {SUIMON, YARDSTICK} or result.runs[0].wall < cases.FAST_SECONDS


def _hopeless(result: Result, earlier: list[Result], limits: Limits) -> str:
    """Return why a tool is not even tried: what it took for a smaller file of the kind, times the difference."""
    for one in earlier:
        like = one.case.sample == replace(result.case.sample, rows=one.case.sample.rows)
        if one.tool is not result.tool or not like or not one.whole or one.case.sample.rows < cases.TELLING_ROWS:
            continue
        times = result.bytes / one.bytes
        seconds, memory = one.wall * times, one.peak * times
        if result.tool in {SUIMON, YARDSTICK}:
            return ""
        if memory > limits.memory:
            return f"not run: would take about {memory / 1000 / cases.MEGABYTE:,.0f} GB of memory"
        if seconds > limits.seconds:
            return f"not run: would take about {seconds / 60:,.0f} minutes"
    return ""


def _once(tool: Tool, path: Path, contract: Path, places: Places, limits: Limits) -> tuple[Cost, Found | None]:
    scratch = places.folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    answer = scratch / "answer.json"
    if tool.module is None:
        return measure(["wc", "-l", str(path)], _environment(scratch), scratch, limits), None
    python = places.project if tool.home == "project" else places.bench
    arguments = (tool.module, path, contract, data.PARTITION, answer)
    command = [str(python), "-m", "bench.check.worker", *map(str, arguments)]
    cost = measure(command, _environment(scratch), scratch, limits)
    if answer.exists():
        return cost, Found(**json.loads(answer.read_text(encoding="utf-8")))
    last = (scratch / "output.txt").read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
    return cost, Found(accepted=False, complaint=last[:200])


def _environment(scratch: Path) -> dict[str, str]:
    """Nothing of the user's own set-up, and no way to the network for tools that would like to report home."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'src'}",
        "GX_ANALYTICS_ENABLED": "False",
        "DO_NOT_TRACK": "1",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), nowhere),
    }


def _compiled(sample: Sample, folder: Path) -> Path:
    contract = read_contract(_HERE / f"{sample.dataset}.odcs.yaml")
    if contract.file:
        contract = replace(contract, file=replace(contract.file, compression=sample.compression))
    path = folder / "contract.json"
    path.write_text(json.dumps(contract.to_json()), encoding="utf-8")
    return path


def _read(path: Path) -> None:
    """Have the file in the page cache for everybody."""
    with path.open("rb") as stream:
        while stream.read(16 * cases.MEGABYTE):
            pass

"""A plugin of pytest's that tries changes: it collects tests once, and forks for each change to run what reaches it.

    python -m pytest -p bench.mutation.campaign TESTS      in the copy; it reads MUTANTS and appends to VERDICTS

A fork begins with every module imported and nothing run, so a change costs its tests and no more. Those of a file stay
together, the quick files first, up to the first failure or some seconds of CPU. Hypothesis's searches are left out:
they are slow, and not the same in every run. Limits are of CPU, for the machine may be busy.
"""

import hashlib
import json
import os
import pickle
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation import trampoline

MUTANTS, VERDICTS, REACH = (os.environ.get(f"MUTATION_{name}", "") for name in ("MUTANTS", "VERDICTS", "REACH"))
KILLED, SURVIVED, UNREACHED, TIMEOUT = "killed", "survived", "unreached", "timeout"
_SLOWEST = 10.0  # seconds of CPU that a test may take and still belong to a campaign
_MOST_LOST = 0.02  # of the tests may fail in the copy, where not all is
_ENOUGH = 8.0  # seconds of CPU of tests, the quickest files first, after which a change counts as not noticed
_STUCK = 900  # seconds on the clock after which a fork waits for something that will never come
_OUT_OF_TIME = {signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL}
Reached = dict[str, tuple[float, list[str]]]  # by test: its CPU, and the functions that it reaches


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try each change, and append its verdict."""
    items = [item for item in session.items if not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)]
    reached = _reach(items)
    if (lost := len(items) - len(reached)) > len(items) * _MOST_LOST:
        raise pytest.UsageError(f"{lost} of {len(items)} tests fail with nothing changed")
    tests = defaultdict[str, list[pytest.Item]](list)
    for item in _quick_files_first(items, reached):
        for function in reached[item.nodeid][1]:
            tests[function].append(item)
    with Path(VERDICTS).open("a", encoding="utf-8") as out:
        for one in json.loads(Path(MUTANTS).read_text(encoding="utf-8")):
            began = time.monotonic()
            word = _verdict(one["name"], tests[one["function"]], reached)
            out.write(json.dumps({**one, "word": word, "seconds": round(time.monotonic() - began, 1)}) + "\n")
            out.flush()
    return True


def _quick_files_first(items: Sequence[pytest.Item], reached: Reached) -> list[pytest.Item]:
    cost = defaultdict[Path, list[float]](list)
    known = [item for item in items if item.nodeid in reached and reached[item.nodeid][0] <= _SLOWEST]
    for item in known:
        cost[item.path].append(reached[item.nodeid][0])
    mean = {path: sum(each) / len(each) for path, each in cost.items()}
    return sorted(known, key=lambda item: (mean[item.path], item.path))


def _verdict(name: str, tests: Sequence[pytest.Item], reached: Reached) -> str:
    if not tests:
        return UNREACHED
    cost = [*accumulate(reached[item.nodeid][0] for item in tests)]
    tests = tests[: 1 + sum(spent < _ENOUGH for spent in cost)]
    limit = int(10 + 4 * min(cost[-1], _ENOUGH))

    def trial() -> int:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        signal.alarm(_STUCK)
        trampoline.set_mutant_under_test(name)
        return int(any(_run(tests)))

    status = _in_fork(trial)
    if os.WIFSIGNALED(status):
        return TIMEOUT if os.WTERMSIG(status) in _OUT_OF_TIME else KILLED
    return KILLED if os.WEXITSTATUS(status) else SURVIVED


def _run(tests: Sequence[pytest.Item]) -> Iterator[str]:
    """Run tests one after the other; yield how each has failed, or nothing."""
    for item, following in zip(tests, [*tests[1:], None], strict=True):
        reports = runtestprotocol(item, log=False, nextitem=following)
        yield next((report.longreprtext or "failed" for report in reports if report.failed), "")


def _in_fork(trial: Callable[[], int]) -> int:
    sys.stdout.flush()
    if pid := os.fork():
        return os.waitpid(pid, 0)[1]
    try:
        _leave(trial())
    except BaseException:  # noqa: BLE001 whatever a change throws, the fork must not go on as if it were the parent
        _leave(2)


def _leave(code: int) -> NoReturn:
    os._exit(code)


def _reach(items: Sequence[pytest.Item]) -> Reached:
    """Return what each test reaches: of a file of tests that was measured before, as it was then."""
    known: dict[str, Reached] = pickle.loads(Path(REACH).read_bytes()) if Path(REACH).exists() else {}  # noqa: S301 ours
    by_file = defaultdict[Path, list[pytest.Item]](list)
    for item in items:
        by_file[item.path].append(item)
    base = _digest(path for root in ("src", "tests") for path in Path(root).rglob("*") if _is_shared(path))
    found, kept = Reached(), dict[str, Reached]()
    for path, tests in by_file.items():
        key = f"{base} {path} {_digest([path])}"
        kept[key] = known[key] if key in known else _measured(tests)
        found |= kept[key]
        Path(REACH).write_bytes(pickle.dumps(known | kept))
    return found


def _is_shared(path: Path) -> bool:
    return path.is_file() and path.suffix == ".py" and not path.name.startswith("test_")


def _digest(paths: Any) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.read_bytes())
    return found.hexdigest()


def _measured(tests: Sequence[pytest.Item]) -> Reached:
    """Run the tests of a file with nothing changed, in a fork; what fails then, as in a copy it may, is left out."""
    handed = Path(f"{REACH}.file")

    def trial() -> int:
        hits = set[str]()
        vars(trampoline)["record_trampoline_hit"] = lambda name, **_: hits.add(name)
        trampoline.set_mutant_under_test("stats")
        found, began = Reached(), time.process_time()
        for item, failure in zip(tests, _run(tests), strict=True):
            if failure:
                sys.__stderr__.write(f"{item.nodeid} is left out, it fails with nothing changed:\n{failure}\n")  # type: ignore[union-attr]
                hits.clear()
                continue
            found[item.nodeid] = time.process_time() - began, sorted(hits)
            began = time.process_time()
            hits.clear()
        handed.write_bytes(pickle.dumps(found))
        return 0

    if _in_fork(trial):
        raise pytest.UsageError(f"a test of {tests[0].path} fails with nothing changed")
    found: Reached = pickle.loads(handed.read_bytes())  # noqa: S301 ours
    return found

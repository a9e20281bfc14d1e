"""Real processes, small ones: started, watched, and ended."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from local.lifecycle import BusyError, _alone
from local.progress import Board, Step, run_steps
from local.supervisor import (
    Part,
    PartDiedError,
    PartNotReadyError,
    is_alive,
    spawn,
    stop,
    tail,
    twin_health,
    wait_for,
    wait_until_ready,
    watch,
)
from local.twin import NoTwinError, RunningPart, Twin, load, new_twin, save
from tests.waiting import PATIENCE, eventually

SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    twin = new_twin(tmp_path)
    yield twin
    stop(twin)  # by its mark, whatever the test recorded


def part(code: str, name: str = "part", **options: object) -> Part:
    values = {"ready": lambda: True, "timeout": PATIENCE, **options}
    return Part(name, (sys.executable, "-c", code), {"PATH": os.environ["PATH"]}, **values)  # type: ignore[arg-type] # options of the tests


def started(twin: Twin, *parts: Part) -> Twin:
    return twin.with_(running=tuple(spawn(part, twin) for part in parts))


def _pid_from(path: Path) -> int:
    return eventually(lambda: int(path.read_text() or 0) if path.exists() else None, f"the writing of {path}")


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_part_that_dies_at_its_start_is_named_with_its_last_words(twin: Twin) -> None:
    dying = part("print('first'); print('no such port', flush=True); raise SystemExit(3)", "glue", ready=lambda: False)

    with pytest.raises(PartDiedError, match=r"glue has died(.|\n)*no such port"):
        wait_until_ready(dying, spawn(dying, twin), twin)


def test_a_part_that_dies_later_is_named_too(twin: Twin) -> None:
    up = started(twin, part(SLEEP, "mwaa"), part("print('working', flush=True);" + SLEEP, "airflow-scheduler"))
    log = twin.log("airflow-scheduler")
    wait_for(lambda: "working" in tail(log), up, PATIENCE, "the scheduler's first line")
    assert twin_health(up) == []

    os.kill(up.running[1].pid, signal.SIGKILL)

    with pytest.raises(PartDiedError, match="airflow-scheduler has died") as died:
        wait_for(lambda: False, up, PATIENCE, "nothing")
    assert [dead.name for dead in died.value.dead] == ["airflow-scheduler"]
    assert died.value.dead[0].tail == "working"


def test_a_wait_for_what_never_happens_ends_with_its_name(twin: Twin) -> None:
    with pytest.raises(TimeoutError, match="the flood did not happen"):
        wait_for(lambda: False, twin, 0.2, "the flood")


def test_a_part_that_never_becomes_ready_is_named(twin: Twin) -> None:
    slow = part(SLEEP, "redshift", ready=lambda: False, timeout=0.3)

    with pytest.raises(PartNotReadyError, match="redshift was not ready after 0 s"):
        wait_until_ready(slow, spawn(slow, twin), twin)


def test_another_programs_answer_on_the_port_does_not_hide_a_dead_part(twin: Twin) -> None:
    dead = part("raise SystemExit(1)", "glue", ready=lambda: True)
    running = spawn(dead, twin)
    wait_for(lambda: not is_alive(running), twin, PATIENCE, "its end")

    with pytest.raises(PartDiedError, match="glue"):
        wait_until_ready(dead, running, twin)


def test_down_ends_children_in_the_group_and_those_that_left_it(twin: Twin, tmp_path: Path) -> None:
    child = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=%s);"
    write = "open({!r}, 'w').write(str(p.pid));"
    stays, leaves = tmp_path / "stays", tmp_path / "leaves"
    up = started(
        twin,
        part(child % False + write.format(str(stays)) + SLEEP, "a"),
        part(child % True + write.format(str(leaves)) + SLEEP, "b"),
    )
    children = [_pid_from(stays), _pid_from(leaves)]

    assert stop(up) == ["a", "b"]

    assert not [pid for pid in children if _runs(pid)]
    assert not [running for running in up.running if is_alive(running)]


def test_down_finds_an_orphan_whose_part_has_died(twin: Twin, tmp_path: Path) -> None:
    orphan = tmp_path / "orphan"
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        f"open({str(orphan)!r}, 'w').write(str(p.pid))"
    )
    up = started(twin, part(code, "glue"))
    pid = _pid_from(orphan)
    wait_for(lambda: not is_alive(up.running[0]), twin, PATIENCE, "the part's end")

    assert stop(up) == []

    assert not _runs(pid)


def test_down_ends_what_ignores_the_polite_signal(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.supervisor._TERM_SECONDS", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);" + SLEEP
    up = started(twin, part(deaf))
    wait_for(lambda: tail(twin.log("part")) == "deaf", up, PATIENCE, "its first line")

    stop(up)

    assert not is_alive(up.running[0])


def test_a_pid_that_belongs_to_another_process_now_is_never_touched(twin: Twin) -> None:
    other = started(twin.with_(mark="another twin's"), part(SLEEP))
    pid = other.running[0].pid
    recycled = twin.with_(running=(RunningPart("mwaa", pid, other.running[0].started - 3600),))

    assert [dead.name for dead in twin_health(recycled)] == ["mwaa"]
    assert stop(recycled) == []
    assert _runs(pid)
    stop(other)


def test_two_twins_share_no_port_and_do_not_end_each_other(tmp_path: Path) -> None:
    first, second = new_twin(tmp_path / "1"), new_twin(tmp_path / "2")
    assert len({*first.ports.values()}) == len(first.ports)
    for each in (first, second):
        each.root.mkdir()
    first, second = started(first, part(SLEEP)), started(second, part(SLEEP))

    stop(first)

    assert twin_health(second) == []
    stop(second)


def test_a_twin_is_read_as_it_was_written_and_only_its_owner_may(twin: Twin) -> None:
    written = twin.with_(outputs={"RawBucket": "raw"}, running=(RunningPart("cloud", 1, 2.5),))

    save(written)

    assert load(twin.runtime) == written
    assert (twin.runtime / "twin.json").stat().st_mode & 0o777 == 0o600


def test_no_twin_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTwinError, match="make up"):
        load(tmp_path)


def test_keys_do_not_show_in_what_is_printed(twin: Twin) -> None:
    assert twin.principals["root"].secret_access_key not in repr(twin)


def test_one_command_at_a_time_changes_a_clones_twin(tmp_path: Path) -> None:
    with _alone(tmp_path), pytest.raises(BusyError, match="Another command"), _alone(tmp_path):
        pass


def test_steps_wait_for_each_other_and_the_first_failure_ends_the_run() -> None:
    order: list[str] = []

    def step(name: str, *after: str) -> Step:
        return Step(name, lambda: order.append(name), after)

    def fail() -> None:
        raise ValueError("the dam broke")

    board = Board(Console(quiet=True))
    run_steps([step("c", "b"), step("b", "a"), step("a")], board, lambda: None)
    assert order == ["a", "b", "c"]
    with pytest.raises(ValueError, match="the dam broke"):
        run_steps([Step("x", fail), step("y", "x")], board, lambda: None)
    assert "y" not in order


def test_a_part_that_dies_ends_the_run_of_the_steps(twin: Twin) -> None:
    up = started(twin, part("raise SystemExit(1)", "cloud"))

    with pytest.raises(PartDiedError, match="cloud"):
        run_steps([Step("long", lambda: time.sleep(1))], Board(Console(quiet=True)), lambda: watch(up))

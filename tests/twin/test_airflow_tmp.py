"""Two tasks of Airflow hand nothing over in /tmp: on MWAA they run on workers that share no disk."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from local.airflow.site import build_task_wall

pytestmark = pytest.mark.process
# As Airflow does it: one process forks one child a task, one after the other.
TASKS = """
import os, sys, time

def task(work):
    if os.fork() == 0:
        try:
            print(work(), flush=True)
        except OSError as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(0)
    os.wait()
    time.sleep(0.1)

def write():
    with open(sys.argv[1], "w") as file:
        file.write("rows")
    return "wrote " + open(sys.argv[1]).read()

task(write)
task(lambda: "read " + open(sys.argv[1]).read())
task(lambda: "read " + os.fsdecode(os.read(os.open(sys.argv[1], os.O_RDONLY), 9)))
task(write)
"""


def run_tasks(wall: Path, file: Path, home: Path) -> list[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(wall), "AIRFLOW_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", TASKS, str(file)], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_task_reads_what_it_wrote_and_not_what_another_wrote(tmp_path: Path) -> None:
    build_task_wall(tmp_path / "wall")
    with tempfile.TemporaryDirectory(dir="/tmp") as shared:
        first, second, third, again = run_tasks(tmp_path / "wall", Path(shared, "rows.csv"), Path("/nowhere/airflow"))
    assert first == again == "wrote rows"
    for told in (second, third):
        assert told.startswith("FileNotFoundError: [Errno 2] No such file or directory (made by another task")


def test_airflows_own_files_are_read_wherever_it_lives(tmp_path: Path) -> None:
    build_task_wall(tmp_path / "wall")
    (tmp_path / "home" / "airflow").mkdir(parents=True)
    told = run_tasks(tmp_path / "wall", tmp_path / "home" / "some.log", tmp_path / "home" / "airflow")
    assert told == ["wrote rows", "read rows", "read rows", "wrote rows"]

"""Runs that are stopped, too long or left behind: whatever they started ends with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from local.glue.process import Script
from local.glue.runs import JobRun, RunBook
from tests.twin.glue_server import (
    JOB,
    ROOT,
    WAITING_SCRIPT,
    Twin,
    alive,
    ended,
    log_of,
    pid_in,
    run_of,
    twin,
)
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["twin"]


def test_a_stopped_run_ends_its_script_and_says_so(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = (
        b"import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT.encode()
    )
    glue = twin.start()
    run_id = glue.start_job_run(JobName=JOB)["JobRunId"]
    eventually(lambda: "ready" in log_of(run_of(glue, run_id)))
    assert run_of(glue, run_id)["JobRunState"] == "RUNNING"
    pid = int(log_of(run_of(glue, run_id)).split()[1])

    answer = glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id, "jr_none"])

    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [run_id]
    assert [one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]] == ["EntityNotFoundException"]
    stopped = ended(glue, run_id)
    assert stopped["JobRunState"] == "STOPPED"
    assert "ErrorMessage" not in stopped
    assert stopped["StartedOn"] <= stopped["CompletedOn"] <= stopped["LastModifiedOn"]
    eventually(lambda: not alive(pid))
    again = glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id])
    assert [one["ErrorDetail"]["ErrorCode"] for one in again["Errors"]] == ["InvalidInputException"]


def test_a_run_past_its_timeout_is_ended(twin: Twin) -> None:
    twin.minute_seconds = 0.5
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()

    run = ended(glue, glue.start_job_run(JobName=JOB, Timeout=1)["JobRunId"])

    assert run["JobRunState"] == "TIMEOUT"
    assert run["Timeout"] == 1
    assert run["CompletedOn"] > run["StartedOn"]
    assert "timeout of 1 minutes" in run["ErrorMessage"]


def test_an_endpoint_that_is_stopped_ends_its_runs_and_never_calls_them_succeeded(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = (
        b"import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT.encode()
    )
    glue = twin.start()
    run_id = glue.start_job_run(JobName=JOB)["JobRunId"]
    eventually(lambda: "ready" in log_of(run_of(glue, run_id)))
    pid = int(log_of(run_of(glue, run_id)).split()[1])

    twin.close()

    assert twin.book.get(JOB, run_id).state == "ERROR"
    eventually(lambda: not alive(pid))


def test_a_run_that_a_killed_endpoint_left_behind_is_an_error_after_the_restart(tmp_path: Path) -> None:
    before = RunBook(tmp_path, time.time)
    run = JobRun("jr_1", JOB, "STARTING", {}, 5, 1.0, 1.0, str(tmp_path / "log"))
    before.add(run, 1)
    before.running("jr_1")

    after = RunBook(tmp_path, time.time)

    found = after.get(JOB, "jr_1")
    assert found.state == "ERROR"
    assert "ended while this run was going on" in (found.error_message or "")
    after.add(JobRun("jr_2", JOB, "STARTING", {}, 5, 2.0, 2.0, ""), 1)


def test_a_script_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text("import os\nprint('pid', os.getpid(), flush=True)\n" + WAITING_SCRIPT)
    starter = (
        "import os, sys; from pathlib import Path; from local.glue.process import Script; "
        f"Script([sys.executable, {str(script)!r}], dict(os.environ), Path({str(tmp_path)!r}), "
        f"Path({str(tmp_path / 'log')!r})).wait(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", starter], cwd=ROOT)
    pid = eventually(lambda: pid_in(tmp_path / "log"))
    assert alive(pid)

    owner.send_signal(signal.SIGKILL)
    owner.wait()

    eventually(lambda: not alive(pid))


def test_what_a_script_leaves_running_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    child = f"[{sys.executable!r}, '-c', 'import time; time.sleep(600)']"
    script.write_text(f"import subprocess\nprint('pid', subprocess.Popen({child}).pid, flush=True)\n")

    code = Script([sys.executable, str(script)], os.environ, tmp_path, tmp_path / "log").wait(PATIENCE)

    assert code == 0
    eventually(lambda: not alive(pid_in(tmp_path / "log")))

"""Carrying out job runs: script and inputs from S3 as the job's role, real Spark, what it wrote back to S3."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from local.endpoints import AwsError
from local.glue.jobs import Job
from local.glue.process import Script, failure_message, make_python, spark_environment
from local.glue.runs import ABANDONED, JobRun, RunBook
from local.glue.staging import StagingError, download_object, stage, upload
from local.isolation import clean_environment
from local.supervisor import MARK

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Two JVMs fill a laptop's cores; further runs wait in STARTING, as they do on Glue while it looks for capacity.
SLOTS: Final = 2
MINUTE_SECONDS: Final = 60.0

logger = logging.getLogger(__name__)


class _RunFailedError(Exception):
    """The run ends as FAILED with this message."""


class Runner:
    """Runs scripts, at most `slots` at once, and ends what it has started when it is closed."""

    def __init__(
        self,
        book: RunBook,
        runtime: Path,
        endpoint: str,
        role_session: Callable[[str], boto3.Session],
        *,
        java_options: Callable[[], str] = lambda: "",
        slots: int = SLOTS,
        minute_seconds: float = MINUTE_SECONDS,
    ) -> None:
        """Run below `runtime` with S3 at `endpoint`.

        `role_session` gives the credentials of a role's ARN or name; `java_options` is asked again for each run.
        """
        self._book = book
        self._runtime = runtime
        self._endpoint = endpoint
        self._role_session = role_session
        self._java_options = java_options
        self._python = make_python(runtime / "glue" / "python")
        self._minute_seconds = minute_seconds
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="glue-run")
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[None]] = {}
        self._scripts: dict[str, Script] = {}
        self._closing = False

    def start(self, job: Job, run: JobRun, arguments: Mapping[str, str]) -> None:
        """Start a run that the book has taken in; `arguments` are those of job and run together."""
        Path(run.log).touch()
        self._waiting[run.id] = self._pool.submit(self._carry_out, job, run, arguments)

    def stop(self, run_id: str) -> bool:
        """Stop a run; False when it is not one that can be stopped.

        stop                                   carry_out
        ------------------------------------   -------------------------------------------------------
        STARTING/RUNNING -> STOPPING           starts the script, registers it
        ends the script if one is registered   STARTING -> RUNNING: refused if stop came first, and then
                                               it ends the script itself
        """
        if not self._book.stopping(run_id):
            return False
        waiting = self._waiting.get(run_id)
        if waiting and waiting.cancel():
            self._report(run_id, "STOPPED", None)
        with self._lock:
            script = self._scripts.get(run_id)
        if script:
            script.end()
        return True

    def close(self) -> None:
        """End every run and wait until nothing of them is left."""
        self._closing = True
        with self._lock:
            scripts = list(self._scripts.values())
        for script in scripts:
            script.end()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for run_id, future in self._waiting.items():
            if future.cancelled():
                self._book.finish(run_id, "ERROR", ABANDONED)

    def _carry_out(self, job: Job, run: JobRun, arguments: Mapping[str, str]) -> None:
        work = self._runtime / "glue" / "work" / run.id
        try:
            work.mkdir(parents=True)
            state, error = self._attempt(job, run, arguments, work)
        except _RunFailedError as failed:
            state, error = "FAILED", str(failed)
        except Exception as unforeseen:  # whatever it was, the run must not stay RUNNING forever
            logger.exception("run %s of job %s could not be carried out", run.id, job.name)
            state, error = "ERROR", f"Internal service error : {type(unforeseen).__name__}: {unforeseen}"
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self._report(run.id, state, error)

    def _attempt(self, job: Job, run: JobRun, arguments: Mapping[str, str], work: Path) -> tuple[str, str | None]:
        log = Path(run.log)
        session = self._session(job.role)
        s3: S3Client = session.client("s3", endpoint_url=self._endpoint)
        script = _script(s3, job.script_location, work)
        try:
            staged = stage(s3, arguments, work / "s3")
        except (ClientError, StagingError) as error:
            raise _RunFailedError(f"Reading the run's S3 paths failed: {error}") from error
        spark = spark_environment(
            arguments.get("--conf", ""), work, self._java_options(), python=self._python, buckets=staged.buckets()
        )
        # By the mark the supervisor knows what belongs to this twin.
        mark = {MARK: os.environ[MARK]} if MARK in os.environ else {}
        environment = clean_environment(os.environ, self._endpoint, **spark, **_keys(session), **mark)
        command = [script, *(part for pair in arguments.items() for part in pair)]
        code = self._execute(run, command, environment, work, log)

        if self._closing:
            return "ERROR", ABANDONED
        state, message = self._end(run, code, log, script)
        try:
            # The credentials of the start may have run out by now.
            changed = upload(self._session(job.role).client("s3", endpoint_url=self._endpoint), staged)
        except (ClientError, StagingError) as error:
            if state == "SUCCEEDED":
                raise _RunFailedError(f"Writing the run's S3 paths failed: {error}") from error
            _note(log, [f"not written: {error}"])
        else:
            _note(log, [*(f"deleted {uri}" for uri in changed.deleted), *(f"wrote {uri}" for uri in changed.written)])
        return state, message

    def _end(self, run: JobRun, code: int | None, log: Path, script: Path) -> tuple[str, str | None]:
        if not self._book.is_wanted(run.id):
            return "STOPPED", None
        if code is None:
            return "TIMEOUT", f"The run took longer than its timeout of {run.timeout} minutes."
        return ("FAILED", failure_message(log, script, code)) if code else ("SUCCEEDED", None)

    def _execute(
        self, run: JobRun, command: list[Any], environment: Mapping[str, str], work: Path, log: Path
    ) -> int | None:
        """Run the script; None when its time is up. One that is stopped meanwhile does not exit with 0."""
        with self._lock:
            script = Script([self._python, *map(str, command)], environment, work, log)
            self._scripts[run.id] = script
        try:
            if self._closing or not self._book.running(run.id):
                script.end()
            return script.wait(run.timeout * self._minute_seconds)
        finally:
            script.end()
            del self._scripts[run.id]

    def _session(self, role: str) -> boto3.Session:
        try:
            return self._role_session(role)
        except AwsError as error:
            raise _RunFailedError(
                f"Role {role} should be given assume role permissions for Glue Service. ({error.message})"
            ) from error

    def _report(self, run_id: str, state: str, error: str | None) -> None:
        run = self._book.finish(run_id, state, error)
        logger.info("run %s of job %s: %s %s; log %s", run.id, run.job_name, run.state, error or "", run.log)


def _script(s3: "S3Client", location: str, work: Path) -> Path:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        return download_object(s3, location, work / Path(key).name)
    except ClientError as error:
        raise _RunFailedError(
            f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: {key}. "
            f"{error.response['Error'].get('Message', error)} (Service: Amazon S3; "
            f"Error Code: {error.response['Error']['Code']}) Please refer logs for details."
        ) from error


def _keys(session: boto3.Session) -> dict[str, str]:
    """Return the environment variables with which a script that uses boto3 acts as the job's role, as on Glue."""
    keys = session.get_credentials()
    if keys is None:
        return {}
    frozen = keys.get_frozen_credentials()
    found = {
        "AWS_ACCESS_KEY_ID": frozen.access_key,
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
        "AWS_SESSION_TOKEN": frozen.token,
    }
    return {name: value for name, value in found.items() if value}


def _note(log: Path, lines: list[str]) -> None:
    with log.open("a") as file:
        file.writelines(f"[twin] {line}\n" for line in lines)

"""Glue's API as far as it runs jobs (OPERATIONS); everything else is refused."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from starlette.applications import Starlette

from local import json_api
from local.endpoints import AwsError
from local.glue.jobs import Job
from local.glue.runner import Runner
from local.glue.runs import JobRun, RunBook
from local.json_api import Call
from local.request_model import validate

PAGE: Final = 200  # the most that GetJobRuns gives at once
SPARK: Final = {"5.0": "3.5"}  # the twin has one Spark, that of Glue 5.0
# What StartJobRun may change of the job for one run, beside Arguments and Timeout.
ECHOED: Final = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "SecurityConfiguration", "ExecutionClass")

LEAST_WORKERS: Final = 2
MOST_MINUTES: Final = 7 * 24 * 60
# Arguments that would change the run on Glue.
NOT_DONE: Final = (
    *("--extra-py-files", "--additional-python-modules", "--extra-jars", "--extra-files", "--user-jars-first"),
    *("--job-bookmark-option", "--enable-glue-datacatalog", "--datalake-formats", "--enable-auto-scaling"),
)
# What a worker of each type counts, in data processing units (documentation: "Worker types").
DPUS: Final = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}

logger = logging.getLogger(__name__)


class Authorize(Protocol):
    """`local.endpoints.authorize`."""

    def __call__(
        self,
        request_headers: Mapping[str, str],
        method: str,
        raw_path_and_query: str,
        body: bytes,
        action: str,
        resource_arn: str,
    ) -> object:
        """Raise AwsError unless the caller may."""


@dataclass(frozen=True)
class Glue:
    """The operations. Each takes a request's members and returns the answer's; AwsError is the answer otherwise."""

    jobs: Callable[[str], Job]
    book: RunBook
    runner: Runner
    logs: Path
    clock: Callable[[], float]

    def get_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the deployed definition."""
        return {"Job": self.jobs(_job_name(request)).definition}

    def start_job_run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Start a run of the deployed script; it goes on after the answer."""
        job = self.jobs(_job_name(request))
        _refuse_what_cannot_run(job, request)
        own = _arguments(request)
        run = self._new_run(job, request, own)
        self.book.add(run, job.max_concurrent_runs)
        names = {"--JOB_NAME": job.name, "--JOB_RUN_ID": run.id}
        self.runner.start(job, run, {**job.arguments, **own, **job.fixed_arguments, **names})
        logger.info("run %s of job %s started; log %s", run.id, job.name, run.log)
        return {"JobRunId": run.id}

    def get_job_run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return one run."""
        run = self.book.get(_job_name(request), _text(request, "RunId"))
        return {"JobRun": run.answer(self.clock())}

    def get_job_runs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the runs of a job, the newest first, a page at a time; the token is the last run before."""
        size = request.get("MaxResults", PAGE)
        if not 1 <= size <= PAGE:
            raise AwsError("InvalidInputException", f"MaxResults must be from 1 to {PAGE}, not {size}")
        runs = self.book.of(self.jobs(_job_name(request)).name)
        ids = [run.id for run in runs]
        token = request.get("NextToken")
        if token and token not in ids:
            raise AwsError("InvalidInputException", "NextToken is none that GetJobRuns gave for this job")
        first = ids.index(token) + 1 if token else 0
        page = runs[first : first + size]
        more = {"NextToken": page[-1].id} if first + size < len(runs) else {}
        return {"JobRuns": [run.answer(self.clock()) for run in page], **more}

    def batch_stop_job_run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Stop runs; they are STOPPING in the answer's moment and STOPPED soon after."""
        job_name = _job_name(request)
        stopped, errors = [], []
        for run_id in request.get("JobRunIds", []):
            named = {"JobName": job_name, "JobRunId": run_id}
            try:
                self._stop(job_name, run_id)
            except AwsError as error:
                errors.append({**named, "ErrorDetail": {"ErrorCode": error.code, "ErrorMessage": error.message}})
            else:
                stopped.append(named)
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    def _stop(self, job_name: str, run_id: str) -> None:
        run = self.book.get(job_name, run_id)
        if not self.runner.stop(run.id):
            raise AwsError("InvalidInputException", f"Job Run {run_id} cannot be stopped: it is {run.state}")

    def _new_run(self, job: Job, request: Mapping[str, Any], own: Mapping[str, str]) -> JobRun:
        run_id = "jr_" + secrets.token_hex(32)
        now = self.clock()
        echoed = {name: request.get(name, job.definition.get(name)) for name in ECHOED}
        echoed["ExecutionClass"] = echoed["ExecutionClass"] or "STANDARD"
        if not echoed["MaxCapacity"] and echoed["WorkerType"] in DPUS:
            echoed["MaxCapacity"] = DPUS[echoed["WorkerType"]] * (echoed["NumberOfWorkers"] or 0)
        return JobRun(
            id=run_id,
            job_name=job.name,
            state="STARTING",
            arguments=own,
            timeout=request.get("Timeout", job.timeout),
            started_on=now,
            last_modified_on=now,
            log=str(self.logs / f"glue-{run_id[:15]}.log"),
            echoed={**echoed, "GlueVersion": job.glue_version},
        )


OPERATIONS: Final[Mapping[str, Callable[[Glue, Mapping[str, Any]], dict[str, Any]]]] = {
    "GetJob": Glue.get_job,
    "StartJobRun": Glue.start_job_run,
    "GetJobRun": Glue.get_job_run,
    "GetJobRuns": Glue.get_job_runs,
    "BatchStopJobRun": Glue.batch_stop_job_run,
}


def application(glue: Glue, authorize: Authorize, job_arn: Callable[[str], str]) -> Starlette:
    """Return the web application; `job_arn` makes a job's name its ARN, for the caller's policies."""

    def answer(call: Call) -> dict[str, Any]:
        action, resource = f"glue:{call.operation}", job_arn(_job_name(call.arguments))
        authorize(call.headers, call.method, call.target, call.body, action, resource)
        validate("glue", call.operation, call.arguments)
        return OPERATIONS[call.operation](glue, call.arguments)

    return json_api.application("AWSGlue.", OPERATIONS, answer, close=glue.runner.close)


def _refuse_what_cannot_run(job: Job, request: Mapping[str, Any]) -> None:
    """Refuse what AWS refuses, then what this twin could only pretend to do."""
    if request.get("MaxCapacity") and (request.get("WorkerType") or request.get("NumberOfWorkers")):
        raise AwsError(
            "InvalidInputException", "Please do not set Max Capacity if using Worker Type and Number of Workers."
        )
    _refuse_capacity(request)
    if job.kind != "glueetl":
        raise AwsError("InvalidInputException", f"The twin runs glueetl jobs; {job.name} is {job.kind or 'of no kind'}")
    if job.glue_version not in SPARK:
        raise AwsError(
            "InvalidInputException",
            f"The twin has the Spark of Glue {', '.join(SPARK)}; {job.name} asks for Glue {job.glue_version}",
        )
    for member in ("JobRunId", "JobRunQueuingEnabled", "NotificationProperty", "ExecutionRoleSessionPolicy"):
        if request.get(member):
            raise AwsError("InvalidInputException", f"The twin's Glue does not do {member} of StartJobRun")
    if job.definition.get("MaxRetries"):
        raise AwsError("InvalidInputException", "The twin's Glue does not do MaxRetries; the DAG retries")
    asked = {**job.arguments, **request.get("Arguments", {}), **job.fixed_arguments}
    for argument in NOT_DONE:
        if asked.get(argument, "job-bookmark-disable") != "job-bookmark-disable":
            raise AwsError("InvalidInputException", f"The twin's Glue does not do {argument}")


def _refuse_capacity(request: Mapping[str, Any]) -> None:
    """Refuse what StartJobRun refuses of workers and time (API reference, "StartJobRun"; "Worker types")."""
    kind, workers, timeout = (request.get(name) for name in ("WorkerType", "NumberOfWorkers", "Timeout"))
    if kind is not None and kind not in DPUS:
        raise AwsError("InvalidInputException", f"Worker type {kind} is none of {', '.join(DPUS)}.")
    if kind is not None and workers is None:
        raise AwsError("InvalidInputException", "Please set both Worker Type and Number of Workers.")
    if workers is not None and workers < LEAST_WORKERS:
        raise AwsError("InvalidInputException", f"The minimum allowed value of Number of Workers is {LEAST_WORKERS}.")
    if timeout is not None and timeout > MOST_MINUTES:
        raise AwsError("InvalidInputException", f"Timeout must be at most {MOST_MINUTES} minutes (7 days).")


def _arguments(request: Mapping[str, Any]) -> dict[str, str]:
    arguments = request.get("Arguments") or {}
    if not all(isinstance(value, str) for value in arguments.values()):
        raise AwsError("SerializationException", "Arguments are strings by name")
    return dict(arguments)


def _job_name(request: Mapping[str, Any]) -> str:
    return _text(request, "JobName")


def _text(request: Mapping[str, Any], member: str) -> str:
    value = request.get(member)
    if not isinstance(value, str) or not value:
        name = member[0].lower() + member[1:]
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null",
        )
    return value

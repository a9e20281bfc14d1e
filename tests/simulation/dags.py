"""The DAG as a process: reads the accepted copy, loads it in one transaction, and reports its end.

Tasks are tried again as the DAG says; a worker that is killed leaves the task to Airflow, which starts it again.
"""

from __future__ import annotations

import json
from posixpath import join, normpath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.sets import SOURCES
from tests.simulation.plan import LAKE, MINUTE
from tests.simulation.retracting import EMPTIED

if TYPE_CHECKING:
    from tests.simulation.deployment import Functions
    from tests.simulation.kept_services import Services
    from tests.simulation.plan import Plan
    from tests.simulation.world import Process, World

STEPS = ("run_glue", "load_redshift")
TASKS = ("run_glue", "check_parquet", "load_redshift")
TRIES, REPORT_TRIES = 3, 7
RETRY_DELAY = 15.0
ZOMBIE = 5 * MINUTE  # until Airflow notices that a worker is no more
# Every second file's replays take their time, so that what is late of one attempt meets the next one under way.
SLOW, SLOW_RUN = "8", 6 * MINUTE


class StepError(Exception):
    """A task that failed by itself, not by a service."""


class Dags:
    """Airflow's scheduler and workers."""

    def __init__(self, world: World, plan: Plan, services: Services, functions: Functions) -> None:
        self._world = world
        self._plan = plan
        self._functions = functions
        self._mwaa = services.mwaa
        self._lake = services.s3.buckets[LAKE]
        self.healed = False
        self.contracts = plan.contracts  # of the release whose DAGs are deployed
        self.reads: list[tuple[str, bytes]] = []  # drop id of a file or shard, and what a run read of it
        self.loaded_by: list[tuple[str, str]] = []  # drop id of a copy, and the version that loaded it
        self.sources: dict[tuple[str, int], tuple[str, ...]] = {}  # drop ids of the shards, by set and attempt
        services.mwaa.on_run = self.start

    def start(self, run: Any) -> None:
        """Take a run that may start."""
        choices, plan = self._world.choices, self._plan
        fails = not self.healed and plan.bad_runs and choices.among((plan.bad_runs, 1))
        self._work(run, _Progress(bad=bool(fails)))

    def _work(self, run: Any, progress: _Progress) -> None:
        def until(process: Process) -> None:
            if process.failed:
                raise process.failed
            if process.returned:
                return
            progress.deaths += 1
            self._world.at(self._world.now + ZOMBIE, lambda: self._work(run, progress))

        self._world.spawn(f"run {run.run_id}", lambda: self._course(run, progress), until)

    def _course(self, run: Any, progress: _Progress) -> None:
        if run.conf["attempt"] > 1 and run.conf["drop_id"] < SLOW:
            self._world.sleep(SLOW_RUN)
        for step in STEPS[progress.done :]:
            if not self._try(run, step, progress):
                break
        detail = _finished(run, progress)
        for _ in range(REPORT_TRIES):
            try:
                self._functions.events.put_events(
                    Entries=[{"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps(detail)}]
                )
                run.tasks["report_outcome"] = "success"
                break
            except (ClientError, BotoCoreError):
                self._world.sleep(RETRY_DELAY)
        else:
            run.tasks["report_outcome"] = "failed"
        self._mwaa.end(run, "success" if set(run.tasks.values()) <= {"success", "skipped"} else "failed")

    def _try(self, run: Any, step: str, progress: _Progress) -> bool:
        while progress.tries + progress.deaths < TRIES:
            try:
                outcome = self._read(run, progress) if step == "run_glue" else self._load(run, progress)
            except (ClientError, BotoCoreError) as error:
                progress.error = f"{type(error).__name__}"
                progress.tries += 1
                self._world.sleep(RETRY_DELAY)
            except StepError as error:
                progress.error = str(error)
                break
            else:
                run.tasks[step] = outcome
                if step == "run_glue":
                    run.tasks["check_parquet"] = outcome
                progress.done += 1
                progress.tries = 0
                return True
        for behind in TASKS[TASKS.index(step) + 1 :]:
            run.tasks[behind] = "upstream_failed"
        run.tasks[step] = "failed"
        progress.failed = step
        return False

    def _refuse_other_version(self, conf: dict[str, Any], progress: _Progress) -> None:
        """End a run whose file was checked by another version than the one that its DAG loads by."""
        known = [one for one in self.contracts.all if one.dataset == conf["dataset"]]
        wanted = known[0].at(conf["partition"]).version if known else None
        key = conf["contract_uri"].removeprefix(f"s3://{LAKE}/")
        # By no point: every schedule would have one more, for what matters to few.
        found = json.loads(self._lake.keys[key][-1].content)["version"]
        if found != wanted:
            raise StepError(f"the file was checked by version {found}, the DAGs know {wanted}")
        progress.version = found

    def _read(self, run: Any, progress: _Progress) -> str:
        bucket, _, key = run.conf["source_uri"].removeprefix("s3://").partition("/")
        assert bucket == LAKE
        if not key.endswith(f"/{SOURCES}"):
            self._refuse_other_version(run.conf, progress)
        body: bytes = self._functions.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        folder = key.split("/")[-2]  # of the drop whose copy it is: of a retraction, another one's
        files = {folder: body}
        if key.endswith(f"/{SOURCES}"):
            files = dict(self._shard(normpath(join(key, "..", one["path"]))) for one in json.loads(body)["sources"])
            self.sources[run.conf["drop_id"], run.conf["attempt"]] = tuple(files)
        self.reads += [one for one in files.items() if folder != EMPTIED]
        if folder == EMPTIED:  # a header with its line ending, as no file here has one
            files = {folder: body.rstrip(b"\n")}
            self.sources[run.conf["drop_id"], run.conf["attempt"]] = ()
        progress.rows = [row.decode() for file in files.values() for row in file.split(b"\n")[1:]]
        if len(progress.rows) != run.conf["rows"]:
            raise StepError(f"the file has {len(progress.rows)} rows, the gate counted {run.conf['rows']}")
        return "success"

    def _shard(self, key: str) -> tuple[str, bytes]:
        """Read an accepted copy, whose folder is named by its drop."""
        return key.split("/")[-2], self._functions.s3.get_object(Bucket=LAKE, Key=key)["Body"].read()

    def _load(self, run: Any, progress: _Progress) -> str:
        if progress.bad:
            raise StepError("this run fails")
        conf = run.conf
        outcome = self._functions.warehouse.load(
            table=conf["dataset"],
            partition=conf["partition"],
            drop_id=conf["drop_id"],
            attempt=conf["attempt"],
            written=conf["written"],
            rows=progress.rows,
        )
        progress.superseded = outcome == "superseded"
        copy_of = conf["source_uri"].split("/")[-2]  # of a retraction, another drop's, or an empty one
        if not progress.superseded and progress.version and copy_of != EMPTIED:
            self.loaded_by.append((copy_of, progress.version))
        return "skipped" if progress.superseded else "success"


class _Progress:
    """How far a run has come."""

    def __init__(self, *, bad: bool) -> None:
        self.bad = bad
        self.done = self.tries = self.deaths = 0
        self.rows: list[str] = []
        self.superseded = False
        self.version = ""  # of the contract that it loads by
        self.failed: str | None = None
        self.error: str | None = None


def _finished(run: Any, progress: _Progress) -> dict[str, Any]:
    conf = run.conf
    outcome = "failed" if progress.failed else "superseded" if progress.superseded else "loaded"
    table = len(progress.rows) if outcome == "loaded" else None
    return {
        "dataset": conf["dataset"],
        "partition": conf["partition"],
        "drop_id": conf["drop_id"],
        "attempt": conf["attempt"],
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "outcome": outcome,
        "rows": {"file": conf["rows"], "parquet": len(progress.rows), "table": table},
        "failed_task": progress.failed,
        "error": progress.error if progress.failed else None,
        "log_url": None,
    }

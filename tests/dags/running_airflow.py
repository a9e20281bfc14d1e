"""A real Airflow with our DAGs, before an AWS that can kill who calls it; its Redshift is the twin's, with real SQL."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import threading
import urllib.request
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pyarrow.parquet as pq

from local.airflow.site import AirflowSite, airflow_parts, site_of, unpause, write_task_credentials
from local.supervisor import spawn, stop, wait_until_ready
from local.twin import new_twin
from suimon.dataset.dag_folder import generate, generated
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse
from suimon_etl.tables import table_of
from tests.dags.on_airflow.fake_aws import FakeAws, serve
from tests.dags.sales_parquet import sales, sums_of_sales
from tests.datasets import release
from tests.twin.redshift_server import COPY_ROLE, Endpoint, endpoint
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

ROOT = Path(__file__).parents[2]
ROWS = 3  # of every file
TOPIC = "arn:aws:sns:ap-northeast-1:111122223333:alerts"
SETTINGS = {
    "AWS_DEFAULT_REGION": "ap-northeast-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "SUIMON_RETRY_SECONDS": "0.2",
    "SUIMON_LATE_RUN_TOPIC": TOPIC,
    # A worker that is silent for so long is dead. Not less: on a slow machine under load, one that lives would be.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "1",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
}


@dataclass
class Kill:
    """Whom `call` costs the life, once its work is done and before its answer: the task, or its supervisor as well."""

    call: str
    times: int = 1
    worker: bool = False


@dataclass
class Cloud(FakeAws):
    """AWS for many runs, told apart by their partitions."""

    redshift: Endpoint = field(kw_only=True)
    kills: dict[str, list[Kill]] = field(default_factory=dict)
    failing: dict[str, str] = field(
        default_factory=dict
    )  # partitions whose jobs fail at once, and what Glue says of it
    parquet: dict[str, pa.Table] = field(
        default_factory=dict
    )  # what is written of a partition, if not `ROWS` good rows
    redshift_errors: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # by partition and call: how Redshift fails it
    killed: list[tuple[str, str]] = field(default_factory=list)
    started_beside: list[str] = field(default_factory=list)  # folders that a job was started for while one wrote them
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _looks: dict[str, int] = field(default_factory=dict)
    _asked_of: dict[str, tuple[str, str]] = field(default_factory=dict)  # by statement: partition, call

    def answer(self, call: str, request: dict[str, Any]) -> dict[str, Any] | None:
        if not call.startswith("RedshiftData."):
            with self._lock:
                if call == "AWSGlue.GetJobRun":
                    self._looks[request["RunId"]] = self._looks.get(request["RunId"], 0) + 1
                return super().answer(call, request)
        asked = urllib.request.Request(  # noqa: S310 http on loopback
            self.redshift.url,
            data=json.dumps(request).encode(),
            headers={
                "X-Amz-Target": call,
                "Content-Type": "application/x-amz-json-1.1",
                "Authorization": "AWS4-HMAC-SHA256 Credential=user.loader/20261122/ap-northeast-1/redshift-data/aws4",
            },
        )
        with urllib.request.urlopen(asked) as response:  # noqa: S310 as above
            answer: dict[str, Any] = json.load(response)
        if call.endswith("ExecuteStatement"):
            self._asked_of[answer["Id"]] = partition_in(json.dumps(request["Parameters"])), call.partition(".")[2]
        if call.endswith("DescribeStatement") and (error := self.redshift_errors.get(self._asked_of[request["Id"]])):
            failed = {"Status": "FAILED", "Error": error}
            return answer | failed if answer["Status"] in {"FINISHED", "FAILED"} else answer
        return answer

    def carried_out(self, call: str, request: str, port: int) -> None:
        named = re.search(r'"Id": *"([^"]+)"', request)
        partition, _ = self._asked_of.get(named[1], ("", "")) if named else ("", "")
        partition = partition or partition_in(request)
        with self._lock:
            for kill in self.kills.get(partition, []):
                if kill.times and re.fullmatch(kill.call, f"{call} {request}" if "S3" in kill.call else call):
                    kill.times -= 1
                    kill_caller(port, worker=kill.worker)
                    self.killed.append((partition, call))
                    return

    def _start_job(self, arguments: dict[str, str]) -> dict[str, Any]:
        folder = arguments["--target_uri"]
        for number, earlier in enumerate(self.job_runs, 1):
            if earlier["--target_uri"] == folder and self._state(f"jr_{number}") == "RUNNING":
                self.started_beside.append(folder)
        started = super()._start_job(arguments)
        if "/sales/" in folder:
            self._write(folder, f"part-{started['JobRunId']}.snappy.parquet")
        return started

    def _job_run(self, run_id: str) -> dict[str, Any]:
        arguments = self.job_runs[int(run_id.removeprefix("jr_")) - 1]
        run = {
            "Id": run_id,
            "JobRunState": self._state(run_id),
            "StartedOn": self.job_started,
            "Arguments": arguments,
        }
        error = self.failing.get(partition_in(arguments["--target_uri"]))
        return run | ({"ErrorMessage": error} if error else {})

    def _state(self, run_id: str) -> str:
        """Return a job's state: those of sales run until the second look, those of inventory until SNS was called."""
        folder = self.job_runs[int(run_id.removeprefix("jr_")) - 1]["--target_uri"]
        if partition_in(folder) in self.failing:
            return "FAILED"
        if "/sales/" in folder:
            return "SUCCEEDED" if self._looks.get(run_id, 0) > 1 else "RUNNING"
        return "FAILED" if self.messages else "RUNNING"

    def _write(self, folder: str, name: str) -> None:
        """Write what the Glue job does, in place of what was there: Parquet of a name of its own, and the result."""
        bucket, _, path = folder.removeprefix("s3://").partition("/")
        below = self.redshift.bucket / path
        shutil.rmtree(below, ignore_errors=True)
        below.mkdir(parents=True)
        partition = partition_in(folder)
        orders = [(f"{partition}-{number}", date.fromisoformat(partition)) for number in range(ROWS)]
        pq.write_table(self.parquet.get(partition, sales(*orders)), below / name)
        written = (below / name).read_bytes()
        table = table_of("sales")
        result = {
            "run": Path(path).name,
            "version": table.version,
            "columns": [column.name for column in table.columns],
            "files": [{"name": name, "size": len(written), "rows": ROWS}],
            "sums": sums_of_sales(ROWS),
        }
        kept = {key: body for key, body in self.objects.items() if not key.startswith(f"{bucket}/{path}")}
        self.objects = kept | {
            f"{bucket}/{path}{name}": written,
            f"{bucket}/{path.rstrip('/')}.result.json": json.dumps(result).encode(),
        }


@dataclass
class Running:
    """The Airflow, and the AWS before it."""

    site: AirflowSite
    cloud: Cloud

    def open_run(self, dag_id: str, conf: dict[str, Any]) -> None:
        """Open a run as the gate does."""
        run_id = f"{conf['drop_id']}.{conf['attempt']}"
        body = {"logical_date": None, "dag_run_id": run_id, "conf": conf}
        self._call("POST", f"/dags/{dag_id}/dagRuns", body)

    def states(self, dag_id: str) -> dict[str, str]:
        """Return the state of each run of a DAG by its partition."""
        runs = self._call("GET", f"/dags/{dag_id}/dagRuns?limit=100")["dag_runs"]
        return {run["conf"]["partition"]: run["state"] for run in runs}

    def tries(self, dag_id: str, partition: str) -> dict[str, int]:
        """Return the number of the last try of each task of a run."""
        every = self._call("GET", f"/dags/{dag_id}/dagRuns/{drop_of(partition)}.1/taskInstances")["task_instances"]
        return {task["task_id"]: task["try_number"] for task in every}

    def told(self, partition: str) -> list[dict[str, Any]]:
        """Return the ends of the partition's run that were reported."""
        details = [json.loads(entry["Detail"]) for entry in self.cloud.events]
        return [detail for detail in details if detail["partition"] == partition]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 http on loopback
            f"{self.site.url}/api/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310 as above
            answer: dict[str, Any] = json.load(response)
        return answer


@contextlib.contextmanager
def running_airflow(folder: Path) -> Iterator[Running]:
    """Start Airflow's four processes with the DAGs of the release, but late_dag.py for inventory; then end them."""
    twin = new_twin(ROOT, folder / "twin")
    site = site_of(twin)
    with endpoint(folder / "redshift", now=None) as redshift:
        target = Warehouse(database="analytics", workgroup_name="suimon-local")
        ddl.create(redshift.client(), target, release().tables)
        cloud = Cloud(redshift=redshift)
        server = serve(cloud)
        settings = SETTINGS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        parts = [
            replace(
                part,
                env={name: value for name, value in part.env.items() if not name.startswith("AWS_ENDPOINT_URL")}
                | settings,
            )
            for part in airflow_parts(twin)
        ]
        shutil.copytree(ROOT / "dags", site.dags, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        late = (Path(__file__).with_name("on_airflow") / "late_dag.py").read_text(encoding="utf-8")
        generate(generated(replace(release(), dags={"inventory": late})), site.dags)
        write_task_credentials(site, "testing", "testing")
        try:
            for part in parts:
                twin = twin.with_(running=(*twin.running, spawn(part, twin)))
            for part, process in zip(parts, twin.running, strict=True):
                wait_until_ready(part, process, twin)
            unpause(site, ["daily_sales_etl", "inventory_etl"], PATIENCE)
            yield Running(site, cloud)
        finally:
            stop(twin)
            server.shutdown()
            server.server_close()
    assert not cloud.unknown


def conf_of(conf: dict[str, Any], dataset: str, partition: str) -> dict[str, Any]:
    """Return what the gate sends of a file of that day; each has a drop of its own."""
    drop_id = drop_of(partition)
    return conf | {
        "dataset": dataset,
        "partition": partition,
        "drop_id": drop_id,
        "rows": ROWS,
        "source_uri": f"s3://lake/accepted/{dataset}/{partition}/{drop_id}/{dataset}.csv",
        "contract_uri": f"s3://lake/accepted/{dataset}/{partition}/{drop_id}/_contract.json",
        "target_uri": f"s3://lake/processed/{dataset}/{partition}/{drop_id}.1/",
        "redshift": conf["redshift"] | {"workgroup_name": "suimon-local"},
        "copy_role_arn": COPY_ROLE,
    }


def drop_of(partition: str) -> str:
    """Return the id of the one drop of a day."""
    return f"{partition.replace('-', ''):0>16}"


def partition_in(text: str) -> str:
    """Return the first date in `text`."""
    found = re.search(r"20\d\d-\d\d-\d\d", text)
    return found[0] if found else ""


def kill_caller(port: int, *, worker: bool) -> None:
    """Kill the process that holds the other end of a connection, and with `worker` first the one that supervises it."""

    def caller() -> int | None:  # none where Linux's table changes while it is read
        found = (c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid != os.getpid())
        return next((connection.pid for connection in found if connection.pid), None)

    task = psutil.Process(eventually(caller, f"the process behind port {port}", pause=0.1))
    if worker:
        supervisor = task.parent()
        assert supervisor is not None
        supervisor.kill()
    task.kill()

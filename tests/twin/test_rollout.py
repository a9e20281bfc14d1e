"""`make deploy` over a running system: files keep arriving meanwhile, and each is in the ledger once."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.function_python import function_python
from local.rollout import rollout
from local.rollout.rollout import Patience, Rollout
from local.rollout.target import read_target
from local.twin import variables_of
from suimon.cli.doctor import read_stack
from suimon.dataset.folder import datasets_below
from suimon.dataset.release import read_release
from suimon.drops.states import State
from suimon.ledger.queries import Wanted, newest_first
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from local.twin import Twin
    from suimon.drops.drop import DropRecord

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
DAG_BUCKET, STACK = "suimon-rollout-dags", "suimon-rollout"
GOLDEN = ROOT / "datasets" / "sales" / "golden"
OLD, NEW = "0123456789ab", "ba9876543210"
CONFIG = """version = 0.1
[twin.build.parameters]
template_file = "template.yaml"
build_dir = "{folder}/build"
[twin.deploy.parameters]
template_file = "{folder}/build/template.yaml"
stack_name = "suimon-rollout"
region = "ap-northeast-1"
capabilities = "CAPABILITY_IAM"
resolve_s3 = true
confirm_changeset = false
fail_on_empty_changeset = false
parameter_overrides = "AlertEmail=data-alerts@suimon.test MwaaEnvironment=suimon-local RedshiftWorkgroup=suimon-local RedshiftWorkgroupId=6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4 GateDownAlarm=no"
[twin.airflow.parameters]
dag_bucket = "suimon-rollout-dags"
"""  # noqa: E501 one line of TOML


@dataclass
class Mwaa:
    """An MWAA environment that takes runs, never ends them, and has the DAGs that lie in its bucket."""

    cloud: Twin
    confs: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        async def answer(request: Request) -> JSONResponse:
            asked = await request.json()
            if asked["Method"] == "POST":
                self.confs.append(asked["Body"]["conf"])
                found: dict[str, Any] = {"dag_run_id": asked["Body"]["dag_run_id"], "state": "queued"}
            else:
                found = {"is_paused": False, "tags": [{"name": f"release {self.release()}"}]}
            return JSONResponse({"RestApiStatusCode": 200, "RestApiResponse": found})

        return Starlette(routes=[Route("/rest-api/{name}", answer, methods=["POST"])])

    def release(self) -> str:
        s3 = self.cloud.session().client("s3")
        body = s3.get_object(Bucket=DAG_BUCKET, Key="dags/suimon_etl/release.txt")["Body"]
        return body.read().decode().strip()


@pytest.fixture
def mwaa(cloud: Twin) -> Iterator[Mwaa]:
    """Serve the environment where the twin's functions look for it."""
    environment = Mwaa(cloud)
    config = uvicorn.Config(environment.app(), host="127.0.0.1", port=cloud.ports["mwaa"], log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield environment
    server.should_exit = True
    thread.join()


@pytest.fixture
def deploy(redshift: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return what deploys a release of this name into the twin, by the code that deploys into an account."""
    for name, value in variables_of(redshift, "root").items():
        if name.startswith(("AWS_", "NO_PROXY", "no_proxy")):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUIMON_BUILD_FOR", str(function_python()))
    monkeypatch.setenv("SAM_CLI_POLL_DELAY", "0.5")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    s3 = redshift.session().client("s3")
    s3.create_bucket(Bucket=DAG_BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    config = tmp_path / "samconfig.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    release = read_release(datasets_below(ROOT / "datasets"))

    def run(name: str) -> list[str]:
        monkeypatch.setattr(rollout, "release_of", lambda _: name)
        said: list[str] = []
        target = read_target(config, "twin")
        Rollout(ROOT, config, target, release, said.append, Patience(runs=1, dags=60, probe=300)).run()
        return said

    yield run
    redshift.session().client("cloudformation").delete_stack(StackName=STACK)


@dataclass
class Sender:
    """An upstream system that sends good and bad files, each for a day of its own, and remembers which."""

    s3: Any
    bucket: str
    sent: dict[str, bool] = field(default_factory=dict)  # key -> whether it is good
    more: bool = True

    def run(self) -> None:
        good, bad = ((GOLDEN / name).read_text(encoding="utf-8") for name in ("2026-11-20.csv", "2026-11-20.bad.csv"))
        for number in count():
            if not self.more:
                return
            day = str(date(2026, 11, 19) - timedelta(days=number))
            key, is_good = f"sales/{day}/sales_data.csv", number % 3 == 0
            text = (good if is_good else bad).replace("2026-11-20", day)
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
            self.sent[key] = is_good
            threading.Event().wait(0.4)

    @contextmanager
    def sending(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.more = False
            thread.join()


def records(key: str) -> list[DropRecord]:
    outputs = read_stack(STACK).outputs
    table = boto3.resource("dynamodb").Table(outputs["LedgerTable"])
    return list(newest_first(table, Wanted(of_key=(outputs["RawBucket"], key))))


def test_a_release_is_deployed_over_the_one_that_runs_and_no_file_is_lost(deploy: Any, mwaa: Mwaa) -> None:
    assert not any(line.startswith("held") for line in deploy(OLD))
    assert mwaa.release() == OLD
    sender = Sender(boto3.client("s3"), read_stack(STACK).outputs["RawBucket"])
    with sender.sending():
        eventually(lambda: mwaa.confs, "the first run of the old release")
        said = deploy(NEW)
    assert "held: inventory, sales, user_events; files are checked and kept meanwhile" in said
    assert mwaa.release() == NEW

    def at_their_end() -> bool:
        ends = {True: State.TRIGGERED, False: State.REJECTED}
        found = {key: [one.state for one in records(key)] for key in sender.sent}
        return all(found[key] == [ends[good]] for key, good in sender.sent.items())

    eventually(at_their_end, "every file at its end, once")
    assert len(sender.sent) > 20
    asked = Counter(conf["drop_id"] for conf in mwaa.confs)
    assert (set(asked.values()), len(asked)) == ({1}, sum(sender.sent.values()))
    # What came while it was held was asked for by the new release alone.
    releases = [conf["release"] for conf in mwaa.confs]
    assert releases == sorted(releases, key=[OLD, NEW].index)
    assert {*releases} == {OLD, NEW}

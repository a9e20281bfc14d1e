"""`make deploy` over a running system: files keep arriving meanwhile, and each is in the ledger once.

By day tests/template/test_rollout_steps.py has the order of its steps and what stays held; this deploys, twice.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
from local.rollout import rollout, stacks
from local.rollout.rollout import Patience, Rollout
from local.rollout.stacks import DeployError
from local.rollout.target import read_target
from local.twin import variables_of
from suimon.cli.doctor import read_stack
from suimon.dataset.folder import datasets_below
from suimon.dataset.release import read_release
from suimon.drops.states import State
from suimon.intake.gate import LEASE
from suimon.ledger.conditional import setting
from suimon.ledger.items import stamp
from suimon.ledger.queries import Wanted, newest_first
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from local.rollout.target import Target
    from local.twin import Twin

pytestmark = [pytest.mark.process, pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]
DAG_BUCKET, STACK = "suimon-rollout-dags", "suimon-rollout"
GOLDEN = ROOT / "datasets" / "sales" / "golden"
OLD, NEW = "0123456789ab", "ba9876543210"
JUDGED = {State.ACCEPTED, State.TRIGGERED, State.REJECTED}
AT_A_TIME = 3
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
parameter_overrides = "AlertEmail=data-alerts@suimon.test MwaaEnvironment=suimon-local RedshiftWorkgroup=suimon-local RedshiftWorkgroupId=6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"
[twin.airflow.parameters]
dag_bucket = "suimon-rollout-dags"
"""  # noqa: E501 one line of TOML


@dataclass
class Mwaa:
    """An MWAA environment that takes runs, never ends them, and has the DAGs that lie in its bucket.

    `confs`: of each run by its id. To be asked for one again is no second run (Airflow says 409, and shows it).
    """

    cloud: Twin
    confs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def app(self) -> Starlette:
        async def answer(request: Request) -> JSONResponse:
            asked = await request.json()
            if asked["Method"] == "POST":
                self.confs.setdefault(asked["Body"]["dag_run_id"], asked["Body"]["conf"])
                found: dict[str, Any] = {"dag_run_id": asked["Body"]["dag_run_id"], "state": "queued"}
            elif asked["Path"] == "/version":
                found = {"version": "3.3.1"}
            else:
                found = {"is_paused": False, "tags": [{"name": f"release {self.release()}"}]}
            return JSONResponse({"RestApiStatusCode": 200, "RestApiResponse": found})

        return Starlette(routes=[Route("/restapi/{name}", answer, methods=["POST"])])

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
    build = stacks.build

    def run(name: str) -> list[str]:
        def built(root: Path, config: Path, target: Target) -> None:
            if name == OLD:
                build(root, config, target)
            for function in (tmp_path / "build").glob("*Function"):  # other bytes: each function is replaced
                (function / "release.txt").write_text(name)

        monkeypatch.setattr(stacks, "build", built)
        monkeypatch.setattr(rollout, "release_of", lambda _: name)
        said: list[str] = []
        target = read_target(config, "twin")
        rollout_ = Rollout(ROOT, config, target, release, said.append, Patience(runs=1, dags=60, probe=300))
        with pytest.raises(DeployError, match=r"^deployed, and not all is well\. .*subscriptions: 0 confirmed"):
            rollout_.run()  # nobody has opened the links of a stack that is minutes old
        return said

    yield run
    redshift.session().client("cloudformation").delete_stack(StackName=STACK)


@dataclass
class Sender:
    """An upstream system that sends good and bad files, each for a day of its own, and remembers which.

    No more than three at a time wait for their verdict, so that a slow machine has no more to do than a fast one.
    """

    s3: Any
    table: Any
    bucket: str
    sent: dict[str, bool] = field(default_factory=dict)  # key -> whether it is good
    waiting: list[str] = field(default_factory=list)
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
            self.waiting.append(key)
            eventually(lambda: not self.more or self.has_room(), "a verdict on a file", pause=0.3)

    def has_room(self) -> bool:
        self.waiting = [key for key in self.waiting if not {*states_in(self.table, self.bucket, key)} & JUDGED]
        return len(self.waiting) < AT_A_TIME

    @contextmanager
    def sending(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.more = False
            thread.join()


def resume_what_was_killed(table: Any, sweep: str) -> None:
    """Make a round of the sweep as of a quarter of an hour later, when leases of functions that were killed are over.

    AWS lets a function that is replaced end what it does; the emulator kills it, and the sweep has to find its file.
    """
    past = stamp(datetime.now(UTC) - LEASE)
    for drop in newest_first(table, Wanted(state=State.VALIDATING)):
        key = {"pk": f"drop#{drop.id}", "sk": "drop"}
        table.update_item(Key=key, **setting({"lease_until": past, "updated_at": past}))
    boto3.client("lambda").invoke(FunctionName=sweep, Payload=b"{}")


def states_in(table: Any, bucket: str, key: str) -> list[State]:
    """Return the state of each drop of a key."""
    return [one.state for one in newest_first(table, Wanted(of_key=(bucket, key)))]


def test_a_release_is_deployed_over_the_one_that_runs_and_no_file_is_lost(deploy: Any, mwaa: Mwaa) -> None:
    assert not any(line.startswith("held") for line in deploy(OLD))
    assert mwaa.release() == OLD
    outputs = read_stack(STACK).outputs
    table = boto3.resource("dynamodb").Table(outputs["LedgerTable"])
    sender = Sender(boto3.client("s3"), table, outputs["RawBucket"])
    with sender.sending():
        eventually(lambda: mwaa.confs, "the first run of the old release")
        said = deploy(NEW)
    assert "held: inventory, sales, user_events; files are checked and kept meanwhile" in said
    assert mwaa.release() == NEW

    resume_what_was_killed(table, outputs["FreshnessFunctionName"])
    ends = {True: State.TRIGGERED, False: State.REJECTED}
    left = dict(sender.sent)

    def at_their_end() -> bool:
        for key, good in list(left.items()):
            if states_in(table, outputs["RawBucket"], key) != [ends[good]]:
                return False
            del left[key]
        return True

    eventually(at_their_end, "every file at its end, once")
    asked = Counter(conf["drop_id"] for conf in mwaa.confs.values())
    assert (set(asked.values()), len(asked)) == ({1}, sum(sender.sent.values()))
    # What came while it was held was asked for by the new release alone.
    releases = [conf["release"] for conf in mwaa.confs.values()]
    assert releases == sorted(releases, key=[OLD, NEW].index)
    assert {*releases} == {OLD, NEW}

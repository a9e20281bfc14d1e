"""The order of a deployment: what is held when, and what stands when a step fails."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from local.rollout import rollout, stacks
from local.rollout.rollout import Patience, Rollout, dag_files, upload_dags
from local.rollout.stacks import Deployed, DeployError
from local.rollout.target import Target, TargetError
from suimon.cli.doctor_checks import Stack
from suimon.cli.errors import RefusedError
from suimon.dataset.folder import datasets_below
from suimon.dataset.release import read_release
from suimon.warehouse.data_api import Warehouse, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
NAME = "0123456789ab"
RELEASE = read_release(datasets_below(ROOT / "datasets"))
DATASETS = sorted(one.dataset for one in RELEASE.contracts.all if one.dag_id)
GIVEN = {"AlertEmail": "data@ours.test", "MwaaEnvironment": "airflow", "RedshiftCluster": "analytics"}
TARGET = Target("dev", "suimon-dev", "ap-northeast-1", GIVEN, "", {}, "dags")


class Steps:
    """Stands in for AWS; remembers the steps, fails at `fails`, and is held by others at `held_by_others`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails, self.held_by_others, self.running = "", "", ""
        self.left_held: list[str] = []

    def step(self, name: str) -> None:
        self.done.append(name)
        if name == self.fails:
            raise DeployError(f"{name} failed")

    def ask(self, _stack: str, verb: str, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        if verb == "status":
            assert request.keys() == {"back", "ahead"}
            others = [{"dataset": self.held_by_others, "reason": "a migration"}] if self.held_by_others else []
            ours = [{"dataset": one, "reason": "release ffffffffffff is being deployed"} for one in self.left_held]
            return {"held": others + ours}
        self.done.append(f"{verb} {request['dataset']}")
        if verb == "hold" and request["dataset"] == self.fails:
            raise RefusedError("no contract", then="suimon status")
        return {"sent": 0}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    found = Steps()
    monkeypatch.setattr(boto3, "client", lambda *_, **__: None)
    monkeypatch.setattr(rollout, "release_of", lambda _: NAME)
    monkeypatch.setattr(rollout, "ask", found.ask)
    monkeypatch.setattr(rollout, "read_stack", lambda name: Stack(name, "", {"LedgerTable": "t"}, ""))
    monkeypatch.setattr(stacks, "build", lambda *_: found.step("build"))
    monkeypatch.setattr(stacks, "deploy", lambda *_: found.step("deploy"))
    monkeypatch.setattr(stacks, "read", lambda *_: Deployed("", {"Release": found.running}) if found.running else None)
    monkeypatch.setattr(Rollout, "_under_way", lambda *_: 0)
    monkeypatch.setattr(Rollout, "_after", lambda *_: found.step("DAGs, tables, probe"))
    monkeypatch.setattr(Rollout, "_examine", lambda *_: found.step("look"))
    return found


@pytest.fixture
def deploy(steps: Steps) -> Callable[[], list[str]]:
    def run() -> list[str]:
        Rollout(ROOT, ROOT / "samconfig.toml", TARGET, RELEASE, lambda _: None, Patience(0, 0, 0)).run()
        return steps.done

    return run


def test_into_an_empty_account_nothing_is_held(deploy: Callable[[], list[str]]) -> None:
    assert deploy() == ["build", "deploy", "DAGs, tables, probe", "look"]


def test_the_same_release_again_holds_nothing(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running = NAME
    assert deploy() == ["build", "deploy", "DAGs, tables, probe", "look"]


def test_another_release_is_deployed_between_hold_and_release(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running = "ba9876543210"
    held, released = ([f"{verb} {one}" for one in DATASETS] for verb in ("hold", "release"))
    assert deploy() == ["build", *held, "deploy", "DAGs, tables, probe", *released, "look"]


def test_what_a_person_holds_stays_held(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running, steps.held_by_others = "ba9876543210", "sales"
    assert not any("sales" in one for one in deploy())


def test_a_dataset_that_only_the_new_release_knows_needs_no_hold(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running, steps.fails = "ba9876543210", "sales"
    assert "release sales" not in deploy()


def test_a_stack_that_is_rolled_back_lets_files_go_on(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running, steps.fails = "ba9876543210", "deploy"
    with pytest.raises(DeployError, match="deploy failed"):
        deploy()
    assert steps.done[-len(DATASETS) :] == [f"release {one}" for one in DATASETS]


def test_half_a_release_stays_held_and_says_so(deploy: Callable[[], list[str]], steps: Steps) -> None:
    steps.running, steps.fails = "ba9876543210", "DAGs, tables, probe"
    with pytest.raises(DeployError, match=f"Held until it is mended: {', '.join(DATASETS)}"):
        deploy()
    assert steps.done[-1] == "DAGs, tables, probe"


def test_a_warehouse_that_refuses_is_told_of_with_what_is_held(
    monkeypatch: pytest.MonkeyPatch, deploy: Callable[[], list[str]], steps: Steps
) -> None:
    def refuse(*_: Any) -> None:
        warehouse = Warehouse(database="analytics", workgroup_name="analytics")
        raise WarehouseError("CREATE USER", warehouse, "FAILED", "permission denied for schema public")

    monkeypatch.setattr(Rollout, "_after", refuse)
    steps.running = "ba9876543210"
    with pytest.raises(DeployError, match=r"(?s)permission denied.*Held until it is mended"):
        deploy()


@pytest.mark.parametrize("at_a_terminal", [True, False])
def test_where_nobody_can_be_asked_neither_stack_waits_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, *, at_a_terminal: bool
) -> None:
    called: list[list[str]] = []

    def run(command: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        called.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: at_a_terminal))
    stacks.deploy(ROOT, ROOT / "samconfig.toml", TARGET, {"AlertEmail": "a@b.test"})
    stacks.deploy_airflow(ROOT, ROOT / "samconfig.toml", replace(TARGET, airflow_stack="suimon-dev-airflow"))
    for command in called:
        assert ("--no-confirm-changeset" in command) is not at_a_terminal
        assert command[command.index("--config-env") + 1] == "dev"  # not SAM's default, which asks
    assert called[1][called[1].index("--stack-name") + 1] == "suimon-dev-airflow"
    assert "environment.yaml" in called[1]


@pytest.mark.parametrize("running", [NAME, "ba9876543210"])
def test_what_a_deployment_that_was_cut_off_left_held_the_next_one_releases(
    deploy: Callable[[], list[str]], steps: Steps, running: str
) -> None:
    steps.running, steps.left_held = running, DATASETS
    assert deploy()[-len(DATASETS) - 1 :] == [*(f"release {one}" for one in DATASETS), "look"]


@mock_aws
def test_the_bucket_has_the_dags_of_the_release_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    s3 = boto3.client("s3", region_name="ap-northeast-1")
    s3.create_bucket(Bucket="dags", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    for key in ("dags/gone.py", "plugins.zip"):
        s3.put_object(Bucket="dags", Key=key, Body=b"x")
    files = dag_files(ROOT / "dags", RELEASE, NAME)
    upload_dags(s3, "dags", files)
    there = {one["Key"] for one in s3.list_objects_v2(Bucket="dags")["Contents"]}
    assert there == {"plugins.zip", *(f"dags/{name}" for name in files)}
    assert files["suimon_etl/release.txt"] == f"{NAME}\n".encode()
    assert {"suimon_datasets.py", "suimon_etl/tables.json", "suimon_etl/pipeline.py"} <= files.keys()


@pytest.mark.parametrize(
    ("gate", "airflow", "told"),
    [
        ({"AlertEmail": "<address>"}, {}, "AlertEmail=<address>: an address"),
        ({"RawDay": "30"}, {}, "RawDay is no parameter"),
        ({"RawDays": "3"}, {}, "RawDays=3: a whole number of 30 to 36500"),
        ({"LogRetentionDays": "15"}, {}, "LogRetentionDays=15: one of 1, 3"),
        ({"RedshiftWorkgroup": "main"}, {}, "Set exactly one of RedshiftWorkgroup and RedshiftCluster"),
        ({"Sender1Prefix": "sales/"}, {}, "Sender1Prefix needs Sender1Principals"),
        ({"KmsKeyArn": f"arn:aws:kms:us-east-1:123456789012:key/{'a' * 36}"}, {}, "KmsKeyArn lies in us-east-1"),
        ({"RolePath": "/a!b/"}, {}, "RolePath=/a!b/: a path"),
        ({}, {"MinWorkers": "6"}, "MinWorkers=6 is more than MaxWorkers=5"),
        ({}, {"VpcId": "vpc-12345678"}, "A VPC of your own needs PrivateSubnetIdA"),
        ({}, {"DagBucketName": "two..dots"}, "DagBucketName=two..dots: the name of a bucket"),
        ({}, {"Name": ""}, "Name=: up to 80 letters"),
    ],
)
def test_what_either_stack_would_refuse_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, steps: Steps, gate: dict[str, str], airflow: dict[str, str], told: str
) -> None:
    monkeypatch.setattr(stacks, "deploy_airflow", lambda *_: steps.step("airflow"))
    answered = {**GIVEN, "MwaaEnvironment": "<environment>"}
    ours = {"Name": "airflow", "DagBucketName": "ours-dags", **airflow}
    target = replace(TARGET, overrides=answered | gate, airflow_stack="suimon-dev-airflow", airflow_overrides=ours)
    with pytest.raises(TargetError, match=re.escape(told)):
        Rollout(ROOT, ROOT / "samconfig.toml", target, RELEASE, lambda _: None, Patience(0, 0, 0)).run()
    assert steps.done == []


def test_with_an_environment_of_ones_own_its_name_is_asked_for(deploy: Callable[[], list[str]]) -> None:
    assert "deploy" in deploy()
    target = replace(TARGET, overrides={name: GIVEN[name] for name in GIVEN.keys() - {"MwaaEnvironment"}})
    with pytest.raises(TargetError, match="MwaaEnvironment is missing"):
        Rollout(ROOT, ROOT / "samconfig.toml", target, RELEASE, lambda _: None, Patience(0, 0, 0)).run()

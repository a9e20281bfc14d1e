"""One deployment, over a running system as well as into an empty account.

A release that changes what gate, DAGs and Glue job share is rolled out behind holds, so that no run meets half of it:

    files keep coming: checked, copied, kept      runs under way end      new gate, new DAGs      what was kept starts
    ------------- hold every dataset ------------ wait ------------------- deploy ---------------- release -----------

A release that changes none of it replaces functions under load. Either way a message that is being worked on comes
again, and what an event misses the sweep finds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.rollout import kept, stacks
from local.rollout.given import refusals
from local.rollout.stacks import DeployError
from local.rollout.target import ANSWERED, TargetError, release_of
from local.template_check.reading import template_of
from suimon.cli.asking import ask
from suimon.cli.doctor import examine, read_stack
from suimon.cli.errors import CommandError, RefusedError
from suimon.dataset.dag_folder import generated
from suimon.drops.states import State
from suimon.ledger.queries import Wanted, newest_first
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from local.rollout.target import Target
    from suimon.dataset.release import Release

NAMED_BY: Final = "suimon_etl/release.txt"  # beside the module that reads it
BEING_DEPLOYED: Final = "is being deployed"  # how the reason of a deployment's own holds ends
PROBE: Final = "suimon-probe"  # no contract's key begins so
_PAUSE: Final = 2.0  # seconds between looks


@dataclass(frozen=True)
class Patience:
    """How many seconds each wait may take: for runs under way, for MWAA to take new DAGs, for the probe."""

    runs: float = 2 * 60 * 60
    dags: float = 15 * 60
    probe: float = 5 * 60


@dataclass(frozen=True)
class Rollout:
    """A deployment of the release in `root` to `target`, an environment of `config`; `say` shows a line.

    With `bring_back` a stack that is not there is made of the buckets and the ledger that one of its name has left.
    """

    root: Path
    config: Path
    target: Target
    release: Release
    say: Callable[[str], None]
    patience: Patience = Patience()
    bring_back: bool = False

    def run(self) -> None:
        """Deploy; TargetError before anything is changed, DeployError with what stands and what to do."""
        self._fits()
        name, cloudformation = release_of(self.root), boto3.client("cloudformation", region_name=self.target.region)
        answers = self._airflow(cloudformation)
        parameters = self.target.filled(answers, name)
        bucket = answers.get("DagBucket") or self.target.dag_bucket
        if not bucket:
            raise TargetError("name the DAG bucket: dag_bucket under airflow.parameters of samconfig.toml")
        self.say(f"release {name}: build")
        stacks.build(self.root, self.config, self.target)
        before = stacks.read(cloudformation, self.target.stack)
        if self.bring_back:
            self._bring_back(cloudformation, before, parameters)
        held = self._left_held() if before else []
        if before and before.outputs.get("Release", "") != name:
            held = self._hold(name)
        try:
            stacks.deploy(self.root, self.config, self.target, parameters)
        except DeployError:
            self._release(held)  # gate and DAGs are still those that fitted
            raise
        try:
            self._after(name, bucket, parameters, cloudformation)
        except (DeployError, CommandError, WarehouseError, ClientError, BotoCoreError) as error:
            kept = f" Held until it is mended: {', '.join(held)} (make deploy again)." if held else ""
            raise DeployError(f"{error}{kept}") from error
        self._release(held)
        self._examine()

    def _fits(self) -> None:
        """Refuse what either stack could not be made with: the gate's is asked for it only when MWAA's is there."""
        target = self.target
        answered = frozenset(ANSWERED if target.airflow_stack else ())
        told = list(refusals(template_of(self.root / "template.yaml"), target.overrides, target.region, answered))
        if target.airflow_stack:
            airflow = template_of(self.root / "environment.yaml")
            told += refusals(airflow, target.airflow_overrides, target.region, frozenset())
        if told:
            raise TargetError(f"samconfig.toml, {target.name}: {'; '.join(told)}")

    def _bring_back(self, cloudformation: Any, before: stacks.Deployed | None, parameters: Mapping[str, str]) -> None:
        if before:
            raise TargetError(f"{self.target.stack} is there: only a stack that is gone is made of what it has left")
        account = boto3.client("sts").get_caller_identity()["Account"]
        template = template_of(self.root / "template.yaml")
        names = kept.bring_back(cloudformation, account, self.target.stack, template, parameters)
        self.say(f"{self.target.stack} has back: {', '.join(names)}")

    def _after(self, name: str, bucket: str, parameters: Mapping[str, str], cloudformation: Any) -> None:
        found = stacks.read(cloudformation, self.target.stack)
        if found is None:
            raise DeployError(f"the stack {self.target.stack} has vanished after it was deployed")
        self.say(f"DAGs to s3://{bucket}/dags/")
        upload_dags(boto3.client("s3"), bucket, dag_files(self.root / "dags", self.release, name))
        self._tables(parameters, cloudformation)
        self._airflow_has(name, parameters["MwaaEnvironment"])
        self._probe(found.outputs, name)

    def _examine(self) -> None:
        """Look at the whole: what is wrong now is no reason to keep files waiting."""
        told = [f"{one.check}: {one.text}; {one.do}" for one in examine(read_stack(self.target.stack)) if not one.ok]
        if ringing := self._alarms():
            told.append(f"alarms: {', '.join(ringing)} (docs/operations/alarms.md)")
        if told:
            raise DeployError("deployed, and not all is well. " + "; ".join(told))

    def _airflow(self, cloudformation: Any) -> Mapping[str, str]:
        if not self.target.airflow_stack:
            return {}
        self.say(f"stack {self.target.airflow_stack}: the MWAA environment")
        stacks.deploy_airflow(self.root, self.config, self.target)
        found = stacks.read(cloudformation, self.target.airflow_stack)
        return found.outputs if found else {}

    def _hold(self, name: str) -> list[str]:
        """Hold every dataset that nobody holds, and wait until no run of the old release is under way."""
        held, reason = [], f"release {name} {BEING_DEPLOYED}"
        already = {one["dataset"] for one in self._holds() if not one["reason"].endswith(BEING_DEPLOYED)}
        for dataset in sorted(one.dataset for one in self.release.contracts.all if one.dag_id):
            try:
                if dataset not in already:
                    ask(self.target.stack, "hold", {"dataset": dataset, "reason": reason, "until": ""}, named=True)
                    held.append(dataset)
            except RefusedError as error:  # a dataset that only this release knows
                self.say(f"{dataset} is not held: {error}")
        self.say(f"held: {', '.join(held)}; files are checked and kept meanwhile")
        ledger = read_stack(self.target.stack).outputs["LedgerTable"]
        left = self._wait(lambda: self._under_way(ledger), self.patience.runs)
        if left:
            self.say(f"{left} runs of the old release are under way still: what they have left to do is refused")
        return held

    def _left_held(self) -> list[str]:
        """Return what a deployment that was cut off, of whichever release, has left held."""
        return sorted(one["dataset"] for one in self._holds() if one["reason"].endswith(BEING_DEPLOYED))

    def _holds(self) -> list[dict[str, Any]]:
        return list(ask(self.target.stack, "status", {"back": 0, "ahead": 0})["held"])

    def _under_way(self, ledger: str) -> int:
        table = boto3.resource("dynamodb").Table(ledger)
        return sum(1 for _ in newest_first(table, Wanted(state=State.TRIGGERED)))

    def _release(self, held: list[str]) -> None:
        for dataset in held:
            sent = ask(self.target.stack, "release", {"dataset": dataset}, named=True)["sent"]
            self.say(f"{dataset} is released; files on their way now: {sent}")

    def _tables(self, parameters: Mapping[str, str], cloudformation: Any) -> None:
        database = parameters.get("RedshiftDatabase", "analytics")
        target = Warehouse(
            database=database,
            workgroup_name=parameters.get("RedshiftWorkgroup") or None,
            cluster_identifier=parameters.get("RedshiftCluster") or None,
            secret_arn=parameters.get("RedshiftSecretArn") or None,
        )
        reader = cloudformation.describe_stack_resource(StackName=self.target.stack, LogicalResourceId="FreshnessRole")[
            "StackResourceDetail"
        ]["PhysicalResourceId"]
        loaders = [f"IAMR:{role}"] if (role := parameters.get("MwaaExecutionRole")) else []
        self.say(f"tables of {database}: {', '.join(sorted(self.release.tables))}")
        # A user of IAM's is in Redshift from its first statement on, which may be hours away.
        ddl.create_users(boto3.client("redshift-data"), target, [*loaders, f"IAMR:{reader}"])
        granted = ddl.grants(database, self.release.tables, loaders=loaders, readers=[f"IAMR:{reader}"])
        ddl.create(boto3.client("redshift-data"), target, self.release.tables, granted=granted)

    def _airflow_has(self, name: str, environment: str) -> None:
        """Wait until Airflow shows the DAGs of this release; MWAA looks into the bucket every half minute."""
        wanted = {one.dag_id for one in self.release.contracts.all if one.dag_id} - set(self.release.dags)
        mwaa = boto3.client("mwaa")

        def missing() -> list[str]:
            return sorted(dag for dag in wanted if f"release {name}" not in tags_of(mwaa, environment, dag))

        self.say(f"Airflow: waiting for {len(wanted)} DAGs of release {name}")
        if left := self._wait(missing, self.patience.dags):
            raise DeployError(f"Airflow does not show release {name} of {', '.join(left)}: look at its import errors.")

    def _probe(self, outputs: Mapping[str, str], name: str) -> None:
        """Send a file that no contract knows through bucket, event, queue, function and ledger, and close it again."""
        s3, key = boto3.client("s3"), f"{PROBE}/{name}-{int(time.time())}"
        version = s3.put_object(Bucket=outputs["RawBucket"], Key=key, Body=b"a probe\n")["VersionId"]
        table = boto3.resource("dynamodb").Table(outputs["LedgerTable"])
        wanted = Wanted(of_key=(outputs["RawBucket"], key))

        def not_seen() -> str:
            return "" if any(one.state == State.UNMATCHED for one in newest_first(table, wanted)) else key

        self.say(f"probe: s3://{outputs['RawBucket']}/{key}")
        if self._wait(not_seen, self.patience.probe):
            raise DeployError(
                f"The probe {key} has not come through the gate: suimon doctor --stack {self.target.stack}"
            )
        s3.delete_object(Bucket=outputs["RawBucket"], Key=key, VersionId=version)
        for drop in newest_first(table, wanted):
            request = {"drop_id": drop.id, "reason": f"the probe of release {name}"}
            ask(self.target.stack, "close", request, named=True)

    def _alarms(self) -> list[str]:
        pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
        prefix = f"{self.target.stack}-"
        return [
            alarm["AlarmName"]
            for page in pages.paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
            for alarm in page["MetricAlarms"]
            # One that silence sets off has heard nothing yet of a stack that is minutes old.
            if alarm.get("TreatMissingData") != "breaching"
        ]

    def _wait(self, left: Callable[[], Any], seconds: float) -> Any:
        """Return what is left after the wait; nothing, as a rule."""
        until = time.monotonic() + seconds
        while (found := left()) and time.monotonic() < until:
            time.sleep(_PAUSE)
        return found


def tags_of(mwaa: Any, environment: str, dag_id: str) -> set[str]:
    """Return the tags that Airflow shows of a DAG; none while it does not know it."""
    try:
        answer = mwaa.invoke_rest_api(Name=environment, Path=f"/dags/{dag_id}", Method="GET")["RestApiResponse"]
    except mwaa.exceptions.RestApiClientException:
        return set()
    return {tag["name"] for tag in answer.get("tags", [])}


def dag_files(folder: Path, release: Release, name: str) -> dict[str, bytes]:
    """Return what belongs into the DAG bucket, by its path below dags/."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _sources(folder)}
    return files | {path: text.encode() for path, text in generated(release).items()} | {NAMED_BY: f"{name}\n".encode()}


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path


def upload_dags(s3: Any, bucket: str, files: Mapping[str, bytes]) -> None:
    """Make dags/ of the bucket these files and no others: modules first, what parses them last; then what is gone."""
    for name in sorted(files, key=lambda one: ("/" not in one, one)):
        s3.put_object(Bucket=bucket, Key=f"dags/{name}", Body=files[name])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="dags/"):
        for one in page.get("Contents", []):
            if one["Key"].removeprefix("dags/") not in files:
                s3.delete_object(Bucket=bucket, Key=one["Key"])

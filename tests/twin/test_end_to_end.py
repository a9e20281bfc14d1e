"""One file end to end on a whole twin: the deployed stack, real Airflow, Spark and SQL, IAM enforced.

A twin of its own, so that one that is up for a person is not disturbed. The story is told once; each test looks at
one thing that must be so afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from rich.console import Console

from local import mailbox
from local.demo.sales import FAULTS, Fault, SalesFile, sales_file
from local.isolation import REGION
from local.lifecycle import up
from local.progress import Board
from local.supervisor import PartDiedError, stop, watch
from suimon.cli import main as suimon
from suimon.drop import Drop, State
from suimon.ledger import Ledger
from suimon.warehouse.statements import Warehouse, run_query
from tests.twin.golden import golden_file
from tests.twin.worker import kill_worker_of, standing_still, task_waiting_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

    from local.twin import Twin
    from suimon.ledger import Move
    from tests.twin.golden import GoldenFile

ROOT = Path(__file__).resolve().parents[2]
WAREHOUSE = Warehouse(database="analytics", workgroup_name="suimon-local")
YESTERDAY = datetime.now(ZoneInfo("Asia/Tokyo")).date() - timedelta(days=1)
DAY_BEFORE = YESTERDAY - timedelta(days=1)
NEVER_SENT = YESTERDAY - timedelta(days=2)
LOST_DAY = YESTERDAY - timedelta(days=3)
OTHERS = ("user_events", "inventory")
FAULT = FAULTS[0]
ROWS = 200

# Rights that the runtime uses for a function, not the function itself; the emulator does not ask IAM for them.
OF_THE_RUNTIME = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:SendMessage",
    "s3:ListBucket",  # decides whether a missing version is a 404 or a 403
}


@dataclass
class Story:
    """The twin, and what was sent into it."""

    twin: Twin
    good: SalesFile
    drops: dict[str, Drop] = field(default_factory=dict)
    sent: dict[str, GoldenFile] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    orphaned: datetime | None = None  # when the load of the worker that died was committed
    answers: dict[str, str] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    replayed: Result | None = None
    reconciled: Result | None = None
    looked_up: dict[str, Result] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.twin.session().resource("dynamodb").Table(self.twin.outputs["LedgerTable"]))

    def put(self, name: str, content: bytes, day: date = YESTERDAY) -> None:
        self.put_at(f"sales/{day}/sales_data.csv", name, content)

    def put_at(self, key: str, name: str, content: bytes) -> None:
        bucket = self.twin.outputs["RawBucket"]
        answer = self.twin.session("upstream").client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        self.drops[name] = Drop(bucket, key, answer["VersionId"], answer["ETag"].strip('"'), len(content), "")

    def put_golden(self, dataset: str, *, corrected: bool) -> None:
        file = golden_file(dataset, DAY_BEFORE, corrected=corrected)
        name = f"{dataset} corrected" if corrected else dataset
        self.sent[name] = file
        self.put_at(file.key, name, file.content)

    def moves(self, name: str) -> list[Move]:
        return self.ledger.history(self.drops[name].id)

    def wait_for(self, name: str, state: State, seconds: float = 180) -> None:
        self.wait(lambda: any(move.state is state for move in self.moves(name)), f"{name} to be {state}", seconds)

    def wait(self, look: Callable[[], bool], what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not look():
            watch(self.twin)
            assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
            time.sleep(0.3)

    def letters(self, incident: str) -> list[mailbox.Letter]:
        return [letter for letter in mailbox.letters(self.twin.mail) if f"Incident: {incident}\n" in letter.body]

    def invoke(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        functions = self.twin.session().client("lambda")
        answer = functions.invoke(FunctionName=self.twin.outputs[function], Payload=json.dumps(payload).encode())
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, result
        return result

    def ask(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        return run_query(self.twin.session().client("redshift-data"), WAREHOUSE, sql, parameters)

    def table(self) -> tuple[int, Decimal]:
        sql = "SELECT COUNT(*) AS orders, SUM(amount) AS amount FROM sales_fact WHERE order_date = CAST(:day AS DATE)"
        row = self.ask(sql, day=YESTERDAY)[0]
        return row["orders"], Decimal(row["amount"])

    def whole_table(self, table: str) -> list[str]:
        """Every row, a line each, as the golden files have them."""
        rows = self.ask(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 a name of our own
        return ["|".join("NULL" if cell is None else str(cell) for cell in row.values()) for row in rows]

    def loads(self, table: str) -> list[dict[str, Any]]:
        """The lines of the load log, in the order of the writes."""
        return self.ask(f"SELECT * FROM {table}_loads ORDER BY written, attempt")  # noqa: S608 as above


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "test-twin")
    try:
        [asking] = mailbox.letters(twin.mail)
        mailbox.confirm(asking)
        story = Story(twin, sales_file(YESTERDAY, ROWS, seed=1))
        tell(story)
        yield story
    finally:
        stop(twin)


def tell(story: Story) -> None:
    """Everything that happens: afterwards the tests only look."""
    story.invoke("FreshnessFunctionName", {})
    load_the_others(story)
    kill_a_worker_at_its_load(story)
    story.put_golden("inventory", corrected=True)
    story.put("bad", sales_file(YESTERDAY, ROWS, 1, (FAULT,)).content)
    story.wait_for("bad", State.REJECTED)
    story.put("good", story.good.content)
    story.wait_for("good", State.LOADED)
    story.put("again", story.good.content)
    story.wait_for("again", State.DUPLICATE)
    story.put("other day", sales_file(DAY_BEFORE, 10, 1, (Fault(3, "amount", "-1"),)).content, DAY_BEFORE)
    story.wait_for("other day", State.REJECTED)
    sqs = story.twin.session().client("sqs")
    sqs.send_message(QueueUrl=story.twin.outputs["IntakeQueueUrl"], MessageBody="no event at all")
    story.replayed = as_operator(story, "replay", "sales", "--from", str(YESTERDAY), "--to", str(YESTERDAY))
    story.wait(lambda: len(story.letters(f"rejected:sales:{YESTERDAY}")) > 1, "the recovery to be told", 30)
    for name in ("bad", "other day", "good"):
        story.answers[name] = replay_by_hand(story, name)
    report_failure(story)
    # The run itself ends well a moment later, as one does that somebody has cleared in Airflow.
    story.wait(lambda: ends(story, 3) == [State.FAILED, State.LOADED], "the run to end well after all", 180)
    see_the_corrections_loaded(story)
    lose_and_find(story)
    story.invoke("FreshnessFunctionName", {})
    story.reconciled = as_operator(story, "reconcile", "--full")
    good = story.drops["good"]
    for name, *asked in (
        ("drop", good.id),
        ("key", "--key", f"s3://{good.bucket}/{good.key}"),
        ("partition", "--dataset", "sales", "--partition", str(DAY_BEFORE)),
        ("state", "--state", "DUPLICATE"),
    ):
        story.looked_up[name] = as_operator(story, "drops", *asked, "--json")


def load_the_others(story: Story) -> None:
    """Send a good file of each other dataset at once, and see both loaded."""
    for dataset in OTHERS:
        story.put_golden(dataset, corrected=False)
    for dataset in OTHERS:
        story.wait_for(dataset, State.LOADED)
        story.seen[dataset] = story.whole_table(dataset)


def kill_a_worker_at_its_load(story: Story) -> None:
    """Send corrected events; their worker dies when it has sent the load, and before it has told Airflow anything.

    worker                  the twin's Redshift           Airflow
    sends the batch ──────▶ stands still
    dies
                            goes on: loads and commits
                                                          hears nothing for a minute, and tries the task again:
                            the same batch once more  ◀── another worker sends it
    """
    with standing_still(story.twin, "redshift"):
        story.put_golden("user_events", corrected=True)
        waiting = partial(task_waiting_for, story.twin, "redshift")
        story.wait(lambda: waiting() is not None, "a worker to wait for Redshift", 120)
        task = waiting()
        assert task
        kill_worker_of(task)
    story.wait(lambda: len(story.loads("user_events")) > 1, "the load that the dead worker has sent", 60)
    story.orphaned = story.loads("user_events")[-1]["loaded_at"]


def see_the_corrections_loaded(story: Story) -> None:
    for dataset in OTHERS:
        story.wait_for(f"{dataset} corrected", State.LOADED)
        story.seen[f"{dataset} corrected"] = story.whole_table(dataset)


def ends(story: Story, attempt: int) -> list[State]:
    """What became of an attempt of the good file once its run had started."""
    states = [move.state for move in story.moves("good") if move.attempt == attempt]
    return states[states.index(State.TRIGGERED) + 1 :] if State.TRIGGERED in states else []


def lose_and_find(story: Story) -> None:
    """Let the events of a file and of a run be lost, others end among the dead letters; the sweep finds them all."""
    events = story.twin.session().client("events")
    rules = ("suimon-local-object-created", "suimon-local-run-finished")
    for rule in rules:
        events.disable_rule(Name=rule)
    story.put("lost", sales_file(LOST_DAY, 10, 1, (Fault(3, "amount", "-1"),)).content, LOST_DAY)
    replay_by_hand(story, "good")
    drop_id, attempt = story.drops["good"].id, 4
    # As if hours had gone by: the file's event is past its grace, the run past its limit.
    sweep(story, hours=3)
    story.wait_for("lost", State.REJECTED)
    story.wait(lambda: run_state(story, f"{drop_id}.{attempt}") == "success", "the run whose end nobody hears of", 180)
    sweep(story, hours=4)
    for rule in rules:
        events.enable_rule(Name=rule)
    replay_by_hand(story, "good")
    sqs = story.twin.session().client("sqs")
    undelivered = sqs.get_queue_url(QueueName="suimon-local-undelivered")["QueueUrl"]
    failure = {"source": "suimon.dag", "detail-type": "Run Finished", "detail": failed_detail(story)}
    sqs.send_message(QueueUrl=undelivered, MessageBody=json.dumps({"version": "1.0", "requestPayload": failure}))
    sqs.send_message(QueueUrl=story.twin.outputs["IntakeDeadLetterQueueUrl"], MessageBody="no event at all")
    sweep(story, hours=0)


def sweep(story: Story, hours: int) -> None:
    """Let the sweep make a round as of so many hours from now."""
    now = datetime.now(UTC) + timedelta(hours=hours)
    found = story.invoke("FreshnessFunctionName", {"time": now.isoformat(), "reconcile": {}})
    assert not found["failures"], found
    for part in found["parts"]:
        story.found[part["kind"]] = story.found.get(part["kind"], 0) + part["found"]
    assert found["unexplained"] == 0, found


def run_state(story: Story, run: str) -> str:
    """Ask Airflow how a run is."""
    return str(in_airflow(story, f"/dags/daily_sales_etl/dagRuns/{run}")["state"])


def in_airflow(story: Story, path: str) -> dict[str, Any]:
    """Ask Airflow by way of MWAA."""
    mwaa = story.twin.session().client("mwaa")
    answer: dict[str, Any] = mwaa.invoke_rest_api(Name="suimon-local", Path=path, Method="GET")["RestApiResponse"]
    return answer


def as_operator(story: Story, *command: str) -> Result:
    """Run `suimon` with the operator's rights and nothing else."""
    keys = story.twin.principals["operator"]
    environment = {
        **story.twin.endpoints(),
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
    }
    return CliRunner(env=environment).invoke(suimon, command)


def finished(story: Story, name: str) -> Any:
    """What the ledger holds of the end of a drop's run."""
    table = story.twin.session().resource("dynamodb").Table(story.twin.outputs["LedgerTable"])
    return table.get_item(Key={"pk": f"drop#{story.drops[name].id}", "sk": "drop"})["Item"]["finished"]


def replay_by_hand(story: Story, name: str) -> str:
    """Ask intake for the next attempt with a token that nobody waits for; gives the state it answers."""
    record = story.ledger.get(story.drops[name].id)
    assert record
    request = {
        "drop_id": record.id,
        "attempt": record.attempt + 1,
        "task_token": "nobody waits",
        "execution": "by hand",
    }
    return str(story.invoke("IntakeFunctionName", {"replay": request})["state"])


def report_failure(story: Story) -> None:
    """Report the attempt that was just started as failed, as the DAG's closing task does with the DAG's rights."""
    detail = failed_detail(story)
    answer = (
        story.twin.session("airflow")
        .client("events")
        .put_events(Entries=[{"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": json.dumps(detail)}])
    )
    assert answer["FailedEntryCount"] == 0
    incident = f"run-failed:sales:{YESTERDAY}"
    story.wait(lambda: bool(story.letters(incident)), f"a letter about {incident}", 60)


def failed_detail(story: Story) -> dict[str, Any]:
    """What the closing task would say if the good file's latest attempt had failed."""
    record = story.ledger.get(story.drops["good"].id)
    assert record
    return {
        "dataset": "sales",
        "partition": str(YESTERDAY),
        "drop_id": record.id,
        "attempt": record.attempt,
        "dag_id": "daily_sales_etl",
        "run_id": f"{record.id}.{record.attempt}",
        "outcome": "failed",
        "rows": {"file": ROWS, "parquet": None, "table": None},
        "failed_task": "run_glue",
        "error": "the disk is full",
        "log_url": None,
    }


def test_a_bad_file_is_rejected_and_the_corrected_one_loaded(story: Story) -> None:
    assert [move.state for move in story.moves("bad") if move.attempt == 1] == [
        State.RECEIVED,
        State.VALIDATING,
        State.REJECTED,
    ]
    assert [move.state for move in story.moves("good") if move.attempt == 1] == [
        State.RECEIVED,
        State.VALIDATING,
        State.ACCEPTED,
        State.TRIGGERED,
        State.LOADED,
    ]
    assert story.table() == (ROWS, story.good.amount)


@pytest.mark.parametrize("dataset", OTHERS)
def test_every_value_of_the_other_datasets_arrives_and_a_correction_replaces_them_all(
    story: Story, dataset: str
) -> None:
    names = (dataset, f"{dataset} corrected")
    for name in names:
        rows = story.sent[name].rows
        assert story.seen[name] == rows
        steps = [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]
        assert [move.state for move in story.moves(name)] == steps
        assert finished(story, name) == {
            "rows": {"file": len(rows), "parquet": len(rows), "table": len(rows)},
            "error": None,
        }
    assert story.whole_table(dataset) == story.sent[names[1]].rows
    logged = [(load["drop_id"], load["attempt"], load["row_count"]) for load in story.loads(dataset)]
    assert logged == [(story.drops[name].id, 1, len(story.sent[name].rows)) for name in names]


def test_a_worker_that_dies_after_it_has_sent_its_load_is_replaced_and_nothing_doubled(story: Story) -> None:
    run = f"{story.drops['user_events corrected'].id}.1"
    path = f"/dags/user_events_etl/dagRuns/{run}"
    told = in_airflow(story, f"{path}/taskInstances")["task_instances"]  # one task's path is too long for MWAA
    tries = {task["task_id"]: task["try_number"] for task in told}
    assert tries["load_redshift"] > 1, tries
    assert in_airflow(story, path)["state"] == "success"
    # What the dead worker had sent was committed, and the next try's after it.
    assert story.orphaned
    assert story.loads("user_events")[-1]["loaded_at"] > story.orphaned
    assert not story.letters(f"run-failed:user_events:{DAY_BEFORE}")


def test_the_same_file_again_opens_no_second_run(story: Story) -> None:
    assert [move.state for move in story.moves("again")] == [State.RECEIVED, State.VALIDATING, State.DUPLICATE]
    job = story.twin.outputs["GlueJobName"]
    runs = story.twin.session().client("glue").get_job_runs(JobName=job)["JobRuns"]
    assert not [run for run in runs if story.drops["again"].id in run["Arguments"]["--source_uri"]]


def test_people_hear_of_the_bad_cell_and_of_the_recovery(story: Story) -> None:
    told, over = story.letters(f"rejected:sales:{YESTERDAY}")
    assert f"record {FAULT.record}, {FAULT.column}: “{FAULT.value}”" in told.body
    assert over.subject.startswith("[Suimon] Recovered:")


def test_the_report_lists_the_bad_cell_at_its_place(story: Story) -> None:
    s3 = story.twin.session().client("s3")
    key = f"sales/{YESTERDAY}/{story.drops['bad'].id}.1/bad_cells.jsonl"
    body = s3.get_object(Bucket=story.twin.outputs["ReportsBucket"], Key=key)["Body"].read().decode()
    [cell] = [json.loads(line) for line in body.splitlines()]
    assert (cell["record"], cell["column"], cell["code"]) == (FAULT.record, FAULT.column, "minimum-error")


def test_a_file_that_never_came_is_told_once_and_one_that_comes_late_recovers(story: Story) -> None:
    assert len(story.letters(f"missing-file:sales:{NEVER_SENT}")) == 1
    assert [letter.subject for letter in story.letters(f"missing-file:sales:{DAY_BEFORE}")] == [
        f"[Suimon] sales {DAY_BEFORE}: the file never came",
        f"[Suimon] Recovered: sales {DAY_BEFORE}: the file never came",
    ]


@pytest.mark.parametrize("table", ["sales_fact", *OTHERS])
def test_a_table_is_told_to_be_empty_until_its_first_file_is_loaded(story: Story, table: str) -> None:
    assert [letter.subject for letter in story.letters(f"stale-table:{table}")] == [
        f"[Suimon] {table} is empty",
        f"[Suimon] Recovered: {table} is empty",
    ]


def test_an_upstream_system_may_only_put(story: Story) -> None:
    s3 = story.twin.session("upstream").client("s3")
    for forbidden in (
        lambda: s3.get_object(Bucket=story.twin.outputs["RawBucket"], Key=story.drops["good"].key),
        lambda: s3.put_object(Bucket=story.twin.outputs["LakeBucket"], Key="accepted/x", Body=b""),
        lambda: s3.list_objects_v2(Bucket=story.twin.outputs["RawBucket"]),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            forbidden()


def test_a_replay_loads_the_day_again_and_doubles_nothing(story: Story) -> None:
    assert story.replayed
    assert story.replayed.exit_code == 0, story.replayed.output
    assert "1 loaded" in story.replayed.output
    second = [move.state for move in story.moves("good") if move.attempt == 2]
    assert second == [State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]
    assert story.table() == (ROWS, story.good.amount)


def test_a_run_that_fails_is_told_with_the_way_to_repeat_it(story: Story) -> None:
    told, over, again = story.letters(f"run-failed:sales:{YESTERDAY}")[:3]
    assert "the disk is full" in told.body
    assert f"suimon replay sales --from {YESTERDAY} --to {YESTERDAY}" in told.body
    assert over.subject.startswith("[Suimon] Recovered:")
    assert again.subject == told.subject  # the fifth attempt's, out of the dead letters


def test_a_file_whose_event_was_lost_is_found_and_judged_all_the_same(story: Story) -> None:
    assert story.found["lost event"] == 1
    assert [move.state for move in story.moves("lost")] == [State.RECEIVED, State.VALIDATING, State.REJECTED]
    [told] = story.letters(f"rejected:sales:{LOST_DAY}")
    assert str(LOST_DAY) in told.subject


def test_a_run_whose_end_nobody_heard_of_is_told_to_hang_and_then_found_to_have_loaded(story: Story) -> None:
    assert ends(story, 4) == [State.LOADED]
    run = f"{story.drops['good'].id}.4"
    told, over = story.letters(f"hanging:daily_sales_etl:{run}")
    assert f"/dags/daily_sales_etl/runs/{run}" in told.body
    assert over.subject.startswith("[Suimon] Recovered:")


def test_dead_letters_are_taken_up_or_kept_for_a_person_to_read(story: Story) -> None:
    assert story.found["dead letter"] == 2
    assert ends(story, 5)[0] is State.FAILED
    [told] = story.letters("undeliverable")
    s3 = story.twin.session().client("s3")
    bucket = story.twin.outputs["ReportsBucket"]
    [kept] = s3.list_objects_v2(Bucket=bucket, Prefix="undeliverable/")["Contents"]
    assert kept["Key"] in told.body


def test_the_operator_sees_that_nothing_is_unexplained(story: Story) -> None:
    assert story.reconciled
    assert story.reconciled.exit_code == 0, story.reconciled.output
    assert story.reconciled.output.rstrip().endswith("unexplained: 0")


def test_the_operator_reads_in_the_ledger_who_changed_what_when(story: Story) -> None:
    assert {name: result.exit_code for name, result in story.looked_up.items()} == dict.fromkeys(story.looked_up, 0)
    found = {name: json.loads(result.stdout) for name, result in story.looked_up.items()}
    ids = {name: drop.id for name, drop in story.drops.items()}
    states = [move["state"] for move in found["drop"]["history"]]
    assert states[:5] == ["RECEIVED", "VALIDATING", "ACCEPTED", "TRIGGERED", "LOADED"]
    assert states == [move.state for move in story.moves("good")][: len(states)]
    assert found["drop"]["accepted_copy"].endswith(f"/sales/{YESTERDAY}/{ids['good']}/data.csv")
    assert [drop["drop_id"] for drop in found["key"]] == [ids["again"], ids["good"], ids["bad"]]
    assert [drop["drop_id"] for drop in found["partition"]] == [ids["other day"]]
    assert [(drop["drop_id"], drop["duplicate_of"]) for drop in found["state"]] == [(ids["again"], ids["good"])]


def test_a_replay_of_what_cannot_be_loaded_is_answered_at_once(story: Story) -> None:
    assert story.answers == {"bad": "SUPERSEDED", "other day": "REJECTED", "good": "TRIGGERED"}


def test_no_function_no_dag_and_no_operator_has_a_right_it_did_not_use(story: Story) -> None:
    with urllib.request.urlopen(f"{story.twin.endpoint()}/_twin/used") as answer:  # noqa: S310 http on loopback
        used: list[tuple[str, str]] = json.load(answer)
    iam = story.twin.session().client("iam")
    unused = {}
    for logical, role in roles(story.twin).items():
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], logical
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        granted = {action for document in documents for action in actions(document)}
        exercised = {action for principal, action in used if f":assumed-role/{role}/" in principal}
        assert granted, logical
        unused[logical] = granted - exercised - OF_THE_RUNTIME
    for policy, user in (("DagPolicy", "airflow"), ("OperatorPolicy", "operator")):
        arn = story.twin.outputs[f"{policy}Arn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        granted = actions(document["PolicyVersion"]["Document"])
        unused[policy] = granted - {action for principal, action in used if principal.endswith(f":user/{user}")}
    # Only of a question that a table's lock keeps waiting.
    unused["FreshnessRole"] -= {"redshift-data:CancelStatement"}
    unused["DagPolicy"] -= {
        "redshift-data:CancelStatement",  # only when somebody stops the task that waits for the statement
        "glue:GetJobRuns",  # only a retry of run_glue looks for a job that is still running
        "sns:Publish",  # only of a run six hours late, and where SUIMON_LATE_RUN_TOPIC is set
    }
    assert not {owner: rights for owner, rights in unused.items() if rights}


def test_a_part_that_dies_is_named_with_its_log(story: Story) -> None:
    [scheduler] = [part for part in story.twin.running if part.name == "airflow-scheduler"]
    os.kill(scheduler.pid, signal.SIGKILL)
    with pytest.raises(PartDiedError, match="airflow-scheduler"):
        story.wait(lambda: False, "the death to be noticed", 10)


def roles(twin: Twin) -> dict[str, str]:
    """The functions' role names, by the role's logical id."""
    resources = twin.session().client("cloudformation").describe_stack_resources(StackName="suimon-local")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources["StackResources"]
        if resource["LogicalResourceId"] in {"IntakeRole", "OutcomeRole", "FreshnessRole", "ReplayPlanRole"}
    }


def actions(document: Any) -> set[str]:
    """Every action that a policy document allows."""
    found: set[str] = set()
    for statement in document["Statement"]:
        listed = statement["Action"]
        found |= {listed} if isinstance(listed, str) else set(listed)
    return found

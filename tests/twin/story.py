"""What happens to a whole twin: files sent, a worker killed, a day replayed, events lost and found by the sweep."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import mailbox
from local.demo.sales import FAULTS, Fault, SalesFile, sales_file
from local.supervisor import watch
from suimon.drops.drop import Drop
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from suimon.ledger.items import stamp
from suimon.ledger.queries import history
from suimon.warehouse.data_api import Warehouse, run_query
from tests.datasets import DATASETS, last_due, table_of
from tests.twin.by_hand import as_operator, fail_the_run, replay_by_hand, run_state
from tests.twin.golden import CORRECTIONS, golden_file
from tests.twin.typed import Typed, type_all
from tests.twin.worker import kill_worker_of, standing_still, task_waiting_for
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result
    from mypy_boto3_dynamodb.service_resource import Table

    from local.twin import Twin
    from suimon.ledger.queries import HistoryEntry
    from tests.twin.golden import GoldenFile

ROOT = Path(__file__).resolve().parents[2]
WAREHOUSE = Warehouse(database="analytics", workgroup_name="suimon-local")
LAST_DUE = last_due("sales")
DAY_BEFORE = LAST_DUE - timedelta(days=1)
NEVER_SENT = LAST_DUE - timedelta(days=2)
OTHERS = tuple(dataset for dataset in DATASETS if dataset != "sales")
FAULT = FAULTS[0]
ROWS = 200


@dataclass
class Story:
    """The twin, and what was sent into it."""

    twin: Twin
    good: SalesFile
    drops: dict[str, Drop] = field(default_factory=dict)
    sent: dict[str, GoldenFile] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    heard: list[mailbox.Letter] = field(default_factory=list)
    orphaned: datetime | None = None  # when the load of the worker that died was committed
    answers: dict[str, str] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    replayed: Result | None = None
    examined: Result | None = None
    reconciled: Result | None = None
    looked_up: dict[str, Result] = field(default_factory=dict)
    typed: list[Typed] = field(default_factory=list)

    @property
    def ledger_table(self) -> Table:
        return self.twin.session().resource("dynamodb").Table(self.twin.outputs["LedgerTable"])

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.ledger_table)

    def put(self, name: str, content: bytes, day: date = LAST_DUE) -> None:
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

    def moves(self, name: str) -> list[HistoryEntry]:
        return history(self.ledger_table, self.drops[name].id)

    def wait_for(self, name: str, state: State) -> None:
        self.wait(lambda: any(move.state is state for move in self.moves(name)), f"{name} to be {state}")

    def wait(self, look: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not look():
            watch(self.twin)
            assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s in vain for {what}"
            time.sleep(1)

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
        row = self.ask(sql, day=LAST_DUE)[0]
        return row["orders"], Decimal(row["amount"])

    def whole_table(self, table: str) -> list[str]:
        """Every row, a line each, as the golden files have them."""
        rows = self.ask(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 a name of our own
        return ["|".join("NULL" if cell is None else str(cell) for cell in row.values()) for row in rows]

    def loads(self, table: str) -> list[dict[str, Any]]:
        """The lines of the load log, in the order of the writes."""
        return self.ask(f"SELECT * FROM {table}_loads ORDER BY written, attempt")  # noqa: S608 as above


def tell(story: Story, then: Callable[[Story], None]) -> None:
    """Play everything that happens, and something else once the tables are known and filled; the tests only look."""
    story.invoke("FreshnessFunctionName", {})
    load_the_others(story)
    then(story)
    kill_a_worker_at_its_load(story)
    for dataset in CORRECTIONS.keys() - {"user_events"}:
        story.put_golden(dataset, corrected=True)
    story.put("bad", sales_file(LAST_DUE, ROWS, 1, (FAULT,)).content)
    story.wait_for("bad", State.REJECTED)
    story.put("good", story.good.content)
    story.wait_for("good", State.LOADED)
    story.put("again", story.good.content)
    story.wait_for("again", State.DUPLICATE)
    story.put("other day", sales_file(DAY_BEFORE, 10, 1, (Fault(3, "amount", "-1"),)).content, DAY_BEFORE)
    story.wait_for("other day", State.REJECTED)
    sqs = story.twin.session().client("sqs")
    sqs.send_message(QueueUrl=story.twin.outputs["IntakeQueueUrl"], MessageBody="no event at all")
    story.replayed = as_operator(story, "replay", "sales", "--from", str(LAST_DUE), "--to", str(LAST_DUE), "--yes")
    story.wait(lambda: len(story.letters(f"rejected:sales/{LAST_DUE}/sales_data.csv")) > 1, "the recovery to be told")
    # From here on the good file's attempts load the copy of what was accepted.
    good = story.drops["good"]
    story.twin.session().client("s3").delete_object(Bucket=good.bucket, Key=good.key, VersionId=good.version_id)
    for name in ("bad", "other day", "good"):
        story.answers[name] = replay_by_hand(story, name)
    fail_the_run(story, 3)
    story.wait(lambda: ends(story, 3) == [State.FAILED], "the run that somebody has stopped to be recorded as failed")
    see_the_corrections_loaded(story)
    lose_and_find(story)
    story.invoke("FreshnessFunctionName", {})
    story.reconciled = as_operator(story, "reconcile", "--full")
    for name, *asked in (
        ("drop", "explain", good.id),
        ("key", "drops", "--key", f"s3://{good.bucket}/{good.key}"),
        ("partition", "drops", "--dataset", "sales", "--partition", str(DAY_BEFORE)),
        ("state", "drops", "--state", "DUPLICATE"),
    ):
        story.looked_up[name] = as_operator(story, *asked, "--json")
    story.examined = as_operator(story, "doctor", "--json")
    story.heard = mailbox.letters(story.twin.mail)
    type_every_command(story)


def type_every_command(story: Story) -> None:
    """Type each command as a viewer and as an operator."""
    words = {
        "DAY": str(LAST_DUE),
        "FUTURE": str(LAST_DUE + timedelta(days=5)),
        "RAW": story.twin.outputs["RawBucket"],
        "KEY": story.drops["good"].key,
        "REJECTED": story.drops["other day"].id,
        "INCIDENT": f"run-failed:sales:{LAST_DUE}",
        "UNKNOWN": "0123456789abcdef",
    }
    story.typed = type_all(story.twin, words, story.twin.runtime / "typed")


def load_the_others(story: Story) -> None:
    """Send a good file of each other dataset at once, and see both loaded."""
    for dataset in OTHERS:
        story.put_golden(dataset, corrected=False)
    for dataset in OTHERS:
        story.wait_for(dataset, State.LOADED)
        story.seen[dataset] = story.whole_table(table_of(dataset))


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
        story.wait(lambda: waiting() is not None, "a worker to wait for Redshift")
        task = waiting()
        assert task
        kill_worker_of(task)
    story.wait(lambda: len(story.loads("user_events")) > 1, "the load that the dead worker has sent")
    story.orphaned = story.loads("user_events")[-1]["loaded_at"]


def see_the_corrections_loaded(story: Story) -> None:
    for dataset in CORRECTIONS:
        story.wait_for(f"{dataset} corrected", State.LOADED)
        story.seen[f"{dataset} corrected"] = story.whole_table(table_of(dataset))


def ends(story: Story, attempt: int) -> list[State]:
    """What became of an attempt of the good file once its run had started."""
    states = [move.state for move in story.moves("good") if move.attempt == attempt]
    return states[states.index(State.TRIGGERED) + 1 :] if State.TRIGGERED in states else []


def lose_and_find(story: Story) -> None:
    """Lose the event of a run and send others to the dead letters; the sweep finds them all.

    That of a file is not among them: the sweep leaves a version to its event for a quarter of an hour.
    """
    events, rule = story.twin.session().client("events"), "suimon-local-run-finished"
    bus = story.twin.outputs["EventBusName"]
    events.disable_rule(Name=rule, EventBusName=bus)
    replay_by_hand(story, "good")
    drop_id, attempt = story.drops["good"].id, 4
    walk_over_the_bucket(story)
    # As if hours had gone by: the run is past its limit.
    age(story, "good", timedelta(hours=3))
    sweep(story)
    story.wait(lambda: run_state(story, f"{drop_id}.{attempt}") == "success", "the run whose end nobody hears of")
    sweep(story)
    replay_by_hand(story, "good")
    fail_the_run(story, 5)
    # Stopped before any of its steps: all are skipped, and Airflow calls that a success.
    story.wait(lambda: run_state(story, f"{drop_id}.5") in {"success", "failed"}, "the run that is stopped to end")
    events.enable_rule(Name=rule, EventBusName=bus)
    sqs = story.twin.session().client("sqs")
    undelivered = sqs.get_queue_url(QueueName="suimon-local-undelivered")["QueueUrl"]
    failure = {"source": "suimon.dag", "detail-type": "Run Finished", "detail": failed_detail(story)}
    sqs.send_message(QueueUrl=undelivered, MessageBody=json.dumps({"version": "1.0", "requestPayload": failure}))
    sqs.send_message(QueueUrl=story.twin.outputs["IntakeDeadLetterQueueUrl"], MessageBody="no event at all")
    sweep(story)


def age(story: Story, name: str, by: timedelta) -> None:
    """Backdate a drop in the ledger, as if it had been in its state for so long."""
    key = {"pk": f"drop#{story.drops[name].id}", "sk": "drop"}
    story.ledger_table.update_item(
        Key=key,
        UpdateExpression="SET updated_at = :then",
        ExpressionAttributeValues={":then": stamp(datetime.now(UTC) - by)},
    )


def walk_over_the_bucket(story: Story) -> None:
    """Compare every version with the ledger, whenever it was written, as `suimon reconcile --full` does."""
    walk: dict[str, str] | None = {}
    while walk is not None:
        found = story.invoke("FreshnessFunctionName", {"reconcile": {"walk": walk}})
        note(story, found)
        walk = found["walk"]


def sweep(story: Story) -> None:
    """Make a round of the sweep now."""
    note(story, story.invoke("FreshnessFunctionName", {"reconcile": {}}))


def note(story: Story, found: dict[str, Any]) -> None:
    """Keep what a round or a walk has found."""
    assert not found["failures"], found
    for part in found["parts"]:
        story.found[part["kind"]] = story.found.get(part["kind"], 0) + part["detected"]
    assert found["unexplained"] == 0, found


def failed_detail(story: Story) -> dict[str, Any]:
    """Return what the closing task says of the good file's latest attempt, which has failed."""
    record = story.ledger.get(story.drops["good"].id)
    assert record
    return {
        "dataset": "sales",
        "partition": str(LAST_DUE),
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

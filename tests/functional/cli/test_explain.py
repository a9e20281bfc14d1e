"""`suimon explain` on DynamoDB and S3 (moto): the life of a file by its drop, its run, its key, or dataset and day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from click.testing import CliRunner

from suimon.cli import drop_view, drops, explain
from suimon.cli.errors import CommandError
from suimon.cli.main import main
from suimon.drops.drop import Accepted, Drop, DropRecord, Rejection, Replay
from suimon.drops.match import Match
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from suimon.ledger.replays import ReplayLedger
from tests.unit.replay.mails import RECORD

if TYPE_CHECKING:
    from click.testing import Result
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = "2026-11-20"
KEY = f"sales/{DAY}/sales_data.csv"
REPORT = f"sales/{DAY}/run/report.html"
CELL = {
    "code": "type-error",
    "message": "is no date",
    "line": 3,
    "record": 2,
    "column": "d",
    "label": "day",
    "value": "x",
}


@pytest.fixture
def ledger(table: Table, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    place: CreateBucketConfigurationTypeDef = {"LocationConstraint": "ap-northeast-1"}
    boto3.client("s3").create_bucket(Bucket="reports", CreateBucketConfiguration=place)
    outputs = {"LedgerTable": table.name, "LakeBucket": "lake"}
    for module in (drops, explain):
        monkeypatch.setattr(module, "outputs_of", lambda _, *names: [outputs[name] for name in names])
    monkeypatch.setattr(drops, "ask", answer)
    monkeypatch.setattr(explain, "ask", lambda *_: {"incidents": [], "expected": []})
    return Ledger(table, "intake 1")


def answer(stack: str, name: str, _request: object) -> dict[str, list[str]]:
    assert (stack, name) == ("suimon-local", "datasets")
    return {"datasets": ["sales"]}


def suimon_explain(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments], catch_exceptions=False)


def lines_of(*arguments: str) -> list[str]:
    result = suimon_explain(*arguments)
    assert result.exit_code == 0
    return [" ".join(line.split()) for line in result.output.splitlines()]


def dropped(ledger: Ledger, number: int, *, key: str = KEY) -> DropRecord:
    """Enter the version of that number, a minute after the one before, and claim it."""
    now = NOON + timedelta(minutes=number)
    record = ledger.receive(
        Drop("raw", key, f"version {number}", "etag", 1_000, f"{number:02}"), Match("sales", DAY), now
    )
    return ledger.claim(record, now, owner="a", lease=timedelta(minutes=16), attempt=1)


def accepted(ledger: Ledger, number: int) -> DropRecord:
    now = NOON + timedelta(minutes=number, milliseconds=250)
    return ledger.move(dropped(ledger, number), State.ACCEPTED, now, accepted=Accepted("data.csv", 12_345))


def rejected(ledger: Ledger, number: int) -> DropRecord:
    why = Rejection(1, "1 fault in 1 record.", ("type-error",), f"s3://reports/{REPORT}")
    return ledger.move(
        dropped(ledger, number), State.REJECTED, NOON + timedelta(minutes=number, seconds=2), rejection=why
    )


def report_lists(*cells: dict[str, object]) -> None:
    body = "".join(f"{json.dumps(cell)}\n" for cell in cells).encode()
    boto3.client("s3").put_object(Bucket="reports", Key=REPORT.replace("report.html", "bad_cells.jsonl"), Body=body)


def test_of_a_rejected_file_that_came_again_the_mail_s_command_leads_to_the_one_that_counts(ledger: Ledger) -> None:
    refused = rejected(ledger, 1)
    corrected = ledger.move(accepted(ledger, 2), State.TRIGGERED, NOON + timedelta(hours=1))
    lines = lines_of(refused.id)
    assert "Other writes of it, newest first:" in lines
    assert lines[-2:] == [
        "Next: A later write of it counts instead, which is TRIGGERED: look at that one.",
        f"suimon explain {corrected.id}",
    ]


def test_of_a_failed_run_the_first_command_shows_the_task_s_error(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = ledger.move(accepted(ledger, 1), State.TRIGGERED, NOON + timedelta(hours=1))
    record = ledger.move(record, State.FAILED, NOON + timedelta(hours=2))
    incident = {"id": f"run-failed:sales:{DAY}", "kind": "run-failed", "about": {"dataset": "sales", "partition": DAY}}
    monkeypatch.setattr(explain, "incidents_of", lambda *_: ([incident], ""))
    monkeypatch.setattr(explain, "incident_lines", lambda *_: [])
    assert lines_of(record.id)[-2:] == [
        f"suimon incidents 'run-failed:sales:{DAY}'",
        f"suimon replay sales --from {DAY} --to {DAY}",
    ]


def test_a_drop_is_told_from_its_arrival_to_its_run_by_its_id_or_its_run(ledger: Ledger) -> None:
    record = accepted(ledger, 1)
    run = f"{record.id}.1"
    ledger.move(record, State.TRIGGERED, NOON + timedelta(hours=1), opened_run=run, opened_dag="sales_etl")
    for asked in (record.id, run):
        lines = lines_of(asked)
        assert lines[0] == f"sales {DAY} is TRIGGERED: Airflow has its run."
        assert f"file s3://raw/{KEY}" in lines
        assert f"accepted copy s3://lake/accepted/sales/{DAY}/{record.id}/data.csv" in lines
        assert "RECEIVED 2026-11-22 12:01:00.000Z 0.0 s 1 intake 1" in lines
        assert "ACCEPTED 2026-11-22 12:01:00.250Z 58 min 59 s 1 intake 1" in lines
        assert "TRIGGERED 2026-11-22 13:00:00.000Z 1 intake 1" in lines
        assert lines[-2:] == ["Next: Airflow runs it, and reports the end of the run.", "suimon status sales"]


def test_a_rejected_file_shows_its_first_bad_cells_and_the_command_to_type(ledger: Ledger) -> None:
    record = rejected(ledger, 1)
    report_lists(CELL, *[CELL | {"line": line} for line in range(4, 20)])
    lines = lines_of(record.id, "--stack", "prod")
    assert "rejected attempt 1: 1 fault in 1 record. (type-error)" in lines
    assert "3 day is no date x" in lines
    assert ("7 day is no date x" in lines, "8 day is no date x" in lines) == (True, False)
    assert lines[-1] == f"suimon replay sales --from {DAY} --to {DAY} --stack prod"


def test_the_first_bad_cells_are_told_in_the_language_that_is_asked_for(ledger: Ledger) -> None:
    record = rejected(ledger, 1)
    report_lists(CELL | {"messages": {"en": "is no date", "ja": "日付ではありません"}})
    assert "3 day 日付ではありません x" in lines_of(record.id, "--lang", "ja")
    assert "3 day is no date x" in lines_of(record.id)


@pytest.mark.parametrize("body", [None, b"", b'{"line": 1, '])
def test_a_report_that_is_gone_empty_or_cut_hides_nothing_else(ledger: Ledger, body: bytes | None) -> None:
    record = rejected(ledger, 1)
    if body is not None:
        boto3.client("s3").put_object(Bucket="reports", Key=REPORT.replace("report.html", "bad_cells.jsonl"), Body=body)
    lines = lines_of(record.id)
    assert lines[0].startswith(f"sales {DAY} is REJECTED")
    assert "First bad cells" not in lines


def test_of_a_day_or_a_key_the_write_that_counts_is_explained_and_the_others_listed(ledger: Ledger) -> None:
    loads, later = accepted(ledger, 1), rejected(ledger, 2)
    for asked in (("sales", DAY), (f"s3://raw/{KEY}",)):
        told = json.loads(suimon_explain(*asked, "--json").stdout)
        assert told["drop_id"] == loads.id
        assert [one["drop_id"] for one in told["others"]] == [later.id]
        lines = lines_of(*asked)
        assert lines[0].startswith(f"sales {DAY} is ACCEPTED")
        assert any(line.startswith(later.id) for line in lines)


def test_of_a_day_on_which_all_were_rejected_the_newest_is_explained(ledger: Ledger) -> None:
    rejected(ledger, 1)
    newest = rejected(ledger, 2)
    assert json.loads(suimon_explain("sales", DAY, "--json").stdout)["drop_id"] == newest.id


def test_a_set_is_explained_before_its_shards() -> None:
    shard = DropRecord(Drop("raw", "1", "v", "e", 1, "02"), Match("sales", DAY), State.ACCEPTED, 1, NOON, NOON)
    whole = replace(shard, drop=replace(shard.drop, key="{shard}"), members=(shard.id,))
    assert explain.counting([shard, whole]) == whole
    assert explain.counting([shard]) == shard
    assert explain.counting([]) is None


def test_json_has_the_history_and_neither_token_nor_lease(ledger: Ledger) -> None:
    record = accepted(ledger, 1)
    ledger.touch(record, replay=Replay("execution", "secret"))
    shown = json.loads(suimon_explain(record.id, "--json").stdout)
    assert shown["history"][0] == {
        "state": "RECEIVED",
        "at": "2026-11-22T12:01:00.000+00:00",
        "attempt": 1,
        "by": "intake 1",
    }
    assert shown["commands"] == ["suimon reconcile"]
    assert not {"task_token", "lease_owner", "lease_until", "lease"} & shown.keys()
    assert "secret" not in json.dumps(shown)


def test_who_replayed_it_and_why_is_told(ledger: Ledger, table: Table) -> None:
    record = accepted(ledger, 1)
    ledger.touch(
        record, replay=Replay(f"arn:aws:states:r:1:execution:suimon-replay:{RECORD.id}", "t", as_accepted=True)
    )
    assert f"execution:suimon-replay:{RECORD.id}" in suimon_explain(record.id).stdout
    ReplayLedger(table).begin(RECORD)
    told = " ".join(suimon_explain(record.id).stdout.split())
    assert "Operator/ada, as it was accepted: the price list was corrected" in told
    shown = json.loads(suimon_explain(record.id, "--json").stdout)["replay"]
    assert (shown["id"], shown["reason"], shown["as_accepted"]) == (RECORD.id, RECORD.reason, True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["0123456789abcdef"], 1, "knows no file of 0123456789abcdef"),
        (["sales", "2026-11-21"], 1, "knows no file of sales 2026-11-21"),
        (["s3://raw/other.csv"], 1, "knows no file of s3://raw/other.csv"),
        (["slaes", DAY], 2, "there are: sales"),
        (["sales", "20261120"], 2, "'20261120' is not a date written YYYY-MM-DD"),
        (["0123456789abcd"], 1, "an id has 16 characters, this one 14, so it was cut off"),
        (["rejected:sales/x.csv"], 1, "of an incident: suimon incidents 'rejected:sales/x.csv'"),
        (["sales", "2026/11/20"], 2, "did you mean 2026-11-20?"),
        (["s3://raw/"], 2, "is not written s3://bucket/key"),
        (["s3://raw/a", DAY], 2, "give the key alone"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_is_not_there_exits_with_1_and_what_cannot_be_asked_with_2(
    ledger: Ledger, arguments: list[str], status: int, said: str
) -> None:
    del ledger
    result = suimon_explain(*arguments)
    assert (result.exit_code, said in " ".join(result.output.split())) == (status, True)


def test_a_question_for_incidents_that_nobody_answers_hides_nothing_else(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise CommandError("you may not")

    monkeypatch.setattr(explain, "ask", refuse)
    dropped(ledger, 1)
    lines = lines_of("sales", DAY)
    assert "Its incidents could not be asked for: you may not" in lines
    assert lines[0].startswith(f"sales {DAY} is ")


def test_a_ledger_that_cannot_be_read_exits_with_2(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    del ledger
    monkeypatch.setattr(explain, "outputs_of", lambda *_: ["no such table", "lake"])
    assert suimon_explain("0123456789abcdef").exit_code == 2


def test_what_its_window_holds_is_explained_by_when_that_opens(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    record = dropped(ledger, 1)
    ledger.move(record, State.ACCEPTED, NOON, opens_at=NOON + timedelta(hours=4))
    monkeypatch.setattr(drop_view, "utc_now", lambda: NOON + timedelta(hours=1))
    told = "\n".join(lines_of(record.id))
    assert "It came outside its window; its run is started at" in told
    assert "suimon release sales" in told


def stamped(ledger: Ledger, number: int, stamp: str) -> DropRecord:
    drop = Drop("raw", f"sales/{DAY}_{stamp}.csv", "v", f"etag {number}", 1_000, f"{number:02}")
    return ledger.receive(drop, Match("sales", DAY, stamp), NOON + timedelta(minutes=number))


def test_a_file_that_a_later_time_in_a_name_has_replaced_says_so_and_which(ledger: Ledger) -> None:
    newer, older = stamped(ledger, 1, "20261121101500"), stamped(ledger, 2, "20261121093000")
    claimed = ledger.claim(older, NOON, owner="a", lease=timedelta(minutes=16), attempt=1)
    ledger.move(claimed, State.SUPERSEDED, NOON, superseded_by=newer.id)
    lines = lines_of(older.id)
    told = f"s3://raw/sales/{DAY}_20261121101500.csv, which has the later time 2026-11-21 10:15:00 in its name"
    assert f"superseded by {newer.id}, {told}" in lines
    assert lines[-1] == f"suimon explain {newer.id}"


def test_the_same_bytes_under_another_name_say_which_name(ledger: Ledger) -> None:
    first, again = stamped(ledger, 1, "20261121093000"), stamped(ledger, 2, "20261121101500")
    claimed = ledger.claim(again, NOON, owner="a", lease=timedelta(minutes=16), attempt=1)
    ledger.move(claimed, State.DUPLICATE, NOON, duplicate_of=first.id)
    assert f"duplicate of {first.id}, s3://raw/{first.drop.key}" in lines_of(again.id)


def test_of_a_day_the_later_time_in_a_name_counts_whatever_the_order_of_the_writes(ledger: Ledger) -> None:
    newer, older = stamped(ledger, 1, "20261121101500"), stamped(ledger, 2, "20261121093000")
    told = json.loads(suimon_explain("sales", DAY, "--json").stdout)
    assert [told["drop_id"], *(one["drop_id"] for one in told["others"])] == [newer.id, older.id]

"""Stored files by a changed contract: what would change is shown with its cells, personal values masked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner, Result

from suimon.cli import replays, whatif
from suimon.cli.main import main
from suimon.drops.drop import Accepted, Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.states import State
from tests.datasets import contract_file

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER = "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
GOOD, LONG, BAD = (f"{HEADER}{number},{{}},C{number},{name},{many},1,1\n" for number, name, many in (
    (1, "tea", 1), (2, "x" * 30, 1), (3, "tea", 0),
))  # fmt: skip


@pytest.fixture
def stored(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, DropRecord]:
    """Three days: one accepted, one accepted with a long text, one rejected; the first one's version is deleted."""
    del aws
    s3 = boto3.client("s3")
    for bucket in ("raw", "lake"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    records = {}
    for day, text, state in (("18", GOOD, State.LOADED), ("19", LONG, State.LOADED), ("20", BAD, State.REJECTED)):
        partition = f"2026-11-{day}"
        body = text.format(partition).encode()
        key = f"sales/{partition}/sales_data.csv"
        put = s3.put_object(Bucket="raw", Key=key, Body=body)
        drop = Drop("raw", key, put["VersionId"], put["ETag"].strip('"'), len(body), day)
        accepted = Accepted("data.csv", 1) if state is State.LOADED else None
        record = DropRecord(drop, Match("sales", partition), state, 1, NOON, NOON, accepted=accepted)
        records[record.id] = record
        if accepted:
            s3.put_object(Bucket="lake", Key=f"accepted/sales/{partition}/{record.id}/data.csv", Body=body)
    first = next(iter(records.values())).drop
    s3.delete_object(Bucket="raw", Key=first.key, VersionId=first.version_id)
    items = [{"drop_id": drop_id, "partition": one.partition, "attempt": 2} for drop_id, one in records.items()]
    monkeypatch.setattr(replays, "outputs_of", lambda _stack, *names: names)
    monkeypatch.setattr(whatif, "outputs_of", lambda _stack, *_: ("ledger", "lake"))
    monkeypatch.setattr(whatif, "find", lambda _table, drop_id: records.get(drop_id))
    monkeypatch.setattr(replays, "ask_plan", lambda *_: {"items": items, "skipped": [], "others": 0, "plan": "p"})
    return records


@pytest.fixture
def changed(tmp_path: Path) -> str:
    text = contract_file("sales").read_text(encoding="utf-8")
    text = text.replace("maxLength: 400", "maxLength: 20").replace("          minimum: 1\n", "          minimum: 0\n")
    path = tmp_path / "new.odcs.yaml"
    path.write_text(text.replace("version: 1.0.0", "version: 2.0.0"), encoding="utf-8")
    return str(path)


def what_if(contract: str, *options: str) -> Result:
    days = ("--from", "2026-11-18", "--to", "2026-11-20")
    return CliRunner().invoke(main, ["replay", "sales", *days, "--contract", contract, *options])


def test_it_shows_which_verdicts_would_change_and_starts_nothing(stored: dict[str, Any], changed: str) -> None:
    shown = what_if(changed, "--dry-run")
    _, long, bad = stored
    assert shown.exit_code == 1, shown.output
    lines = shown.output.splitlines()
    assert lines[0] == f"2026-11-19 {long}: was accepted, would be rejected: sales/2026-11-19/sales_data.csv"
    assert lines[1].startswith("  line 2, product_name: “***” ")
    assert lines[2] == f"2026-11-20 {bad}: was rejected, would be accepted: sales/2026-11-20/sales_data.csv"
    assert lines[3:] == [
        "3 checked by sales 2.0.0: 1 newly rejected, 1 newly accepted, 0 unread.",
        "Nothing was started. To plan the replay, once it is deployed:",
        "  suimon replay sales --from 2026-11-18 --to 2026-11-20 --what all --order oldest --dry-run",
    ]


def test_it_shows_the_same_in_japanese(stored: dict[str, Any], changed: str) -> None:
    _, long, bad = stored
    shown = what_if(changed, "--dry-run", "--lang", "ja")
    assert shown.exit_code == 1, shown.output
    assert shown.output.splitlines() == [
        f"2026-11-19 {long}: 合格から不合格に変わります: sales/2026-11-19/sales_data.csv",
        "  2 行目, product_name: “***” 20 文字を超えています",
        f"2026-11-20 {bad}: 不合格から合格に変わります: sales/2026-11-20/sales_data.csv",
        "sales 2.0.0 で 3 件検査: 新たに不合格 1、新たに合格 1、検査できず 0。",
        "何も開始していません。デプロイ後に再実行を計画するには:",
        "  suimon replay sales --from 2026-11-18 --to 2026-11-20 --what all --order oldest --dry-run",
    ]


@pytest.mark.usefixtures("stored")
def test_by_the_contract_of_today_no_verdict_changes() -> None:
    shown = what_if("sales", "--dry-run")
    assert (shown.exit_code, shown.output.count("\n")) == (0, 3), shown.output


def test_a_file_of_which_nothing_is_left_is_named(stored: dict[str, DropRecord], changed: str) -> None:
    _, long, _ = stored
    drop = stored[long].drop
    s3 = boto3.client("s3")
    s3.delete_object(Bucket="raw", Key=drop.key, VersionId=drop.version_id)
    key = f"accepted/sales/2026-11-19/{long}/data.csv"
    s3.delete_object(Bucket="lake", Key=key, VersionId=s3.head_object(Bucket="lake", Key=key)["VersionId"])
    found = json.loads(what_if(changed, "--dry-run", "--json").output)
    assert [one["accepted"] for one in found] == [True, None, True]
    assert found[1]["why"]


@pytest.mark.usefixtures("stored")
def test_a_replay_that_starts_takes_no_contract_of_a_person(changed: str) -> None:
    refused = what_if(changed)
    assert (refused.exit_code, "give --dry-run with it" in refused.output) == (2, True)
    assert what_if("inventory", "--dry-run").exit_code == 2

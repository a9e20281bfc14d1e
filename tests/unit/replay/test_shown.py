"""What a person is shown of a plan, and the borders of what may be asked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from suimon.contract.partition import Partition
from suimon.drops.drop import Accepted, DropRecord, Rejection, Retraction
from suimon.drops.hold import Hold
from suimon.drops.states import State
from suimon.replay.plan import gather, plan, refuse_held, windows
from suimon.replay.request import HeldError, Order, Request, StalePlanError
from tests.unit.drop_records import HOUR, NOON, drop_record

DAY = "2026-11-20"
OF_DAY = Request("sales", Partition.of_day(date(2026, 11, 20)), Partition.of_day(date(2026, 11, 20)))
REJECTED, FAILED = drop_record(State.REJECTED), drop_record(State.FAILED)
WHY = {
    "en": "its run failed 2026-11-22: it is checked and loaded again",
    "ja": "2026-11-22 に DAG 実行が失敗: 検査して取り込み直します",
}
HOLD = Hold(dataset="sales", reason="the month is being closed", who="ann", since=datetime(2026, 11, 22, tzinfo=UTC))


def reason_of(record: DropRecord) -> str:
    [item] = plan({DAY: [record]}, OF_DAY).items
    return item.reason["en"]


def test_a_plan_is_shown_with_its_items_what_is_left_out_and_its_fingerprint() -> None:
    found = plan({DAY: [FAILED], "2026-11-21": []}, OF_DAY)
    assert found.to_json() == {
        "items": [{"drop_id": FAILED.id, "partition": DAY, "attempt": 2, "reason": WHY}],
        "skipped": [
            {"partition": "2026-11-21", "reason": {"en": "no file has come", "ja": "ファイルが届いていません"}}
        ],
        "others": 0,
        "plan": found.fingerprint,
    }


def test_a_reason_says_what_became_of_the_file_and_what_is_done() -> None:
    assert reason_of(FAILED) == "its run failed 2026-11-22: it is checked and loaded again"
    assert reason_of(REJECTED) == "rejected 2026-11-22: it is checked again"
    codes = replace(REJECTED, rejection=Rejection(1, "4 faults", ("a", "b", "c", "d")))
    assert reason_of(codes) == "rejected 2026-11-22 (a, b, c): it is checked again"


def test_what_is_loaded_as_it_was_accepted_is_not_said_to_be_checked() -> None:
    accepted = drop_record(State.FAILED, rows=5)
    [item] = plan({DAY: [accepted]}, replace(OF_DAY, as_accepted=True)).items
    assert item.reason["en"] == "its run failed 2026-11-22: it is loaded again"


def test_a_retracted_day_is_left_out_with_what_to_do() -> None:
    retracted = replace(drop_record(State.RETRACTED), retraction=Retraction("wrong", 2, "x"))
    [skip] = plan({DAY: [retracted]}, OF_DAY).skipped
    assert (skip.partition, skip.reason["en"]) == (
        DAY,
        f"drop {retracted.id} was retracted: what was loaded before it stands, or send a file again",
    )


def test_a_stale_plan_is_refused_with_what_has_happened_and_what_to_do() -> None:
    with pytest.raises(StalePlanError) as refused:
        gather(replace(OF_DAY, plan="0" * 16), lambda *_: [FAILED])
    assert str(refused.value) == (
        f"the ledger has moved on since plan {'0' * 16} was made: a file has come, or a run has begun or ended. "
        "Nothing was started. Plan again, and look"
    )


@pytest.mark.parametrize("sets", [True, False])
def test_the_ledger_is_asked_for_whole_sets_only_where_files_come_in_sets(*, sets: bool) -> None:
    found = gather(OF_DAY, lambda *_: [FAILED], sets=sets)
    assert [item.drop_id for item in found.items] == ([] if sets else [FAILED.id])


def test_a_held_dataset_is_refused_with_by_whom_and_how_to_end_that() -> None:
    with pytest.raises(HeldError) as refused:
        refuse_held(HOLD, NOON)
    assert str(refused.value) == (
        "sales is held since 2026-11-22 00:00Z by ann (the month is being closed): release it first"
    )
    refuse_held(replace(HOLD, until=NOON), NOON)
    refuse_held(None, NOON + HOUR)


def test_one_at_a_time_is_the_least_and_the_oldest_day_begins() -> None:
    asked = {"dataset": "sales", "from": DAY, "to": DAY}
    assert Request.from_event({**asked, "max_concurrency": 1}).max_concurrency == 1
    assert Request.from_event(asked).order is Order.OLDEST


def test_windows_of_one_day_come_in_the_order_of_their_datasets() -> None:
    assert [one.dataset for one in windows([("a", DAY), ("c", DAY), ("b", DAY)])] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("drops", "as_accepted", "said"),
    [
        ([], False, "ファイルが届いていません"),
        ([replace(drop_record(State.LOADED), accepted=Accepted("a", 1_200))], False, "取り込み済み: 1,200 行を"),
        ([replace(FAILED, members=("a", "b"))], False, "失敗（2 ファイルのセット）: 検査して取り込み直します"),
        ([REJECTED], False, "不合格: 検査し直します"),
        ([REJECTED], True, "最後の検査で不合格でした"),
        ([drop_record(State.GONE)], False, "検査の前に削除されました"),
        ([drop_record(State.TRIGGERED)], False, "TRIGGERED で、すでに処理中です"),
        ([replace(drop_record(State.RETRACTED), retraction=Retraction("wrong", 2, "x"))], False, "取り消し済みです"),
    ],
)
def test_each_reason_is_told_in_japanese_with_the_same_values(
    drops: list[DropRecord], *, as_accepted: bool, said: str
) -> None:
    found = plan({DAY: drops}, replace(OF_DAY, as_accepted=as_accepted))
    (reason,) = [*(item.reason for item in found.items), *(skip.reason for skip in found.skipped)]
    assert said in reason["ja"]
    assert set(re.findall("[A-Za-z]{2,}", reason["ja"])) <= {"DAG", *re.findall("[A-Za-z]{2,}", reason["en"])}
    assert sorted(re.findall(r"\d[\d,]*\d", reason["en"])) == sorted(re.findall(r"\d[\d,]*\d", reason["ja"]))


def test_a_drop_that_another_one_stands_for_is_named_in_both_languages() -> None:
    loaded, rejected = drop_record(State.LOADED), replace(REJECTED, received_at=NOON + HOUR)
    rejected = replace(rejected, drop=replace(rejected.drop, version_id="newer", sequencer="zz"))
    (item,) = plan({DAY: [loaded, rejected]}, OF_DAY).items
    assert item.reason["en"].endswith(f", and takes the place of drop {loaded.id}")
    assert item.reason["ja"].endswith(f"（ドロップ {loaded.id} を置き換え）")

"""What the e-mails say of a file, in the language of its contract."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.drops.drop import Drop, DropRecord
from suimon.drops.match import Match
from suimon.drops.run_finished_event import RunFinished
from suimon.drops.states import State
from suimon.drops.wording import in_language
from suimon.incidents.messages.files import gone, imperfect, key_shape, no_contract, rejected, run_failed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DROP = Drop("raw", "sales/2026-11-20/sales_data.csv", "v1", "e1", 10, "01")
RECORD = DropRecord(DROP, Match("sales", "2026-11-20"), State.VALIDATING, 1, NOON, NOON)
ENGLISH = Contract("sales", "1.0.0", "sales_fact")
JAPANESE = replace(ENGLISH, language="ja")


def test_a_rejection_is_told_in_the_language_of_the_contract() -> None:
    english, japanese = rejected(RECORD, ENGLISH, "reason"), rejected(RECORD, JAPANESE, "理由")
    assert "does not keep the contract sales 1.0.0" in english.body
    body = in_language(japanese.body, "ja")
    assert "契約 sales 1.0.0 を満たしていない" in body
    assert "What to do" not in body
    assert "理由" in body
    assert english.id == japanese.id


def test_the_same_findings_of_the_same_file_are_no_news_and_others_are() -> None:
    again = replace(RECORD, attempt=2)
    first = rejected(RECORD, ENGLISH, "2 faults", "s3://reports/1/report.html")
    second = rejected(again, ENGLISH, "2 faults", "s3://reports/2/report.html")
    assert second.fingerprint == first.fingerprint
    assert rejected(again, ENGLISH, "1 fault").fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("attempt", "english", "japanese"),
    [(1, "and was not loaded.", "取り込んでいません"), (2, "holds what it held before.", "内容は変わりません")],
)
def test_a_file_that_is_gone_breaks_no_contract(attempt: int, english: str, japanese: str) -> None:
    record = replace(RECORD, attempt=attempt)
    in_english, in_japanese = gone(record, ENGLISH), gone(record, JAPANESE)
    assert english in in_english.body
    assert "That is no breach of its contract" in in_english.body
    body = in_language(in_japanese.body, "ja")
    assert japanese in body
    assert "違反ではありません" in body
    assert "What to do" not in body


@pytest.mark.parametrize(
    ("set_aside", "english", "japanese"),
    [
        (2, ", without 2 records that do not keep it.", "レコード 2 件は除外"),
        (0, ", with a warning.", "警告があります"),
    ],
)
def test_an_imperfect_file_is_told_in_the_language_of_the_contract(set_aside: int, english: str, japanese: str) -> None:
    assert english in imperfect(RECORD, ENGLISH, set_aside, "told", "s3://lake/bad_rows.csv").body
    body = in_language(imperfect(RECORD, JAPANESE, set_aside, "内容", "s3://lake/bad_rows.csv").body, "ja")
    assert japanese in body
    assert ("s3://lake/bad_rows.csv" in body) == bool(set_aside)
    assert "What to do" not in body


def test_an_impossible_date_is_told_as_such_though_its_shape_was_told_before() -> None:
    contracts = Contracts((replace(ENGLISH, key_pattern=KeyPattern("sales/{ds}/sales_data.csv")),))
    told = [
        no_contract(replace(DROP, key=f"sales/{day}/sales_data.csv"), contracts, NOON)
        for day in ("2026-1-01", "2026-02-30", "2026-02-31")
    ]
    assert len({one.id for one in told}) == 3
    assert "stands for a date written YYYY-MM-DD" in told[0].body
    assert told[1].subject == "A file of sales for 2026-02-30, which is no date"
    assert "but 2026-02-30 is in no calendar" in told[1].body


def test_a_key_that_resembles_a_pattern_is_told_where_it_leaves_it() -> None:
    contracts = Contracts((replace(ENGLISH, key_pattern=KeyPattern("sales/{ds}/sales_data.csv")),))

    def told(key: str) -> str:
        return no_contract(replace(DROP, key=key), contracts, NOON).body

    nearest = "Nearest is sales/{ds}/sales_data.csv of sales: "
    compact = told("sales/20261120/sales_data.csv")
    assert f"{nearest}after sales/ the key has 20261120/sales_data.csv, where {{ds}} is expected." in compact
    assert f"{nearest}at its beginning the key has Sales/" in told("Sales/2026-11-20/sales_data.csv")
    assert "the key ends, where _data.csv is expected" in told("sales/2026-11-20/sales")
    assert "Nearest" not in told("photos/cat.jpg")


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("sale/2026-11-20/sales_data.csv", "sale/…/*.csv"),
        ("sale/osaka.csv", "sale/*.csv"),
        ("sale/tokyo.csv", "sale/*.csv"),
        ("2026-11-20/stores/tokyo.csv.gz", "#/…/*.csv.gz"),
        ("3f2a9c1e-11ee-4c5a/x", "#/*"),
        ("売上.csv", "*.csv"),
        ("export.2026.11.20", "*"),
    ],
)
def test_files_of_people_s_own_naming_make_one_pattern(key: str, shape: str) -> None:
    assert key_shape(key) == shape


@pytest.mark.parametrize(
    ("committed", "said", "never"),
    [
        (True, "The new rows stand in the table", ("could not be loaded", "held before")),
        (False, "The table holds what it held before.", ("new rows stand",)),
        (None, "holds what it held before, or all of the new rows", ("new rows stand",)),
    ],
)
def test_a_failed_run_says_what_stands_in_the_table(
    committed: bool | None,  # noqa: FBT001 a case
    said: str,
    never: tuple[str, ...],
) -> None:
    run = RunFinished(RECORD.id, 1, "etl", "r.1", State.FAILED, {}, "check_quality", "rate", None, committed)
    problem = run_failed(RECORD, run)
    assert said in problem.body
    assert not [words for words in never if words in problem.body + problem.subject]
    assert "suimon replay sales" in problem.body

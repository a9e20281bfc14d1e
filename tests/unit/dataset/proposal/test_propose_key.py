"""What the names of samples say of the key, and their records of the partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from suimon.contract.odcs.parse import read_contract
from suimon.dataset.check_up import problems_of
from suimon.dataset.folder import CONTRACT, DatasetFolder
from suimon.dataset.proposal.propose import MARK, propose
from tests.unit.dataset.proposal.proposals import IDENTITY, marked

if TYPE_CHECKING:
    from pathlib import Path

    from suimon.contract.model import Contract


def sales(day: str = "2026-11-20", hour: int = 8, store: str = "S01") -> str:
    lines = (f"A{number:03},{day},{day} {hour:02}:{number:02}:00,{store},{number}\n" for number in range(30))
    return "order_no,ordered_on,at,store,pieces\n" + "".join(lines)


PLAIN = "code,name\n" + "".join(f"C{number},n{number}\n" for number in range(30))


def proposal(folder: Path, samples: dict[str, str]) -> tuple[str, Contract]:
    """Return what is proposed of samples, by their names; once all is decided nothing is wrong with it."""
    paths = [folder / "sent" / name for name in samples]
    for path, content in zip(paths, samples.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    of = DatasetFolder(folder / "goods")
    proposed = propose("goods", paths, IDENTITY).files
    for name, text in proposed.items():
        (of.path / name).parent.mkdir(parents=True, exist_ok=True)
        (of.path / name).write_text(text.replace(MARK, "# decided: "), encoding="utf-8")
    assert problems_of(of, []) == []
    return proposed[CONTRACT], read_contract(of.contract)


def key(contract: Contract) -> str:
    assert contract.key_pattern
    return contract.key_pattern.text


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("sales_20261120.csv", "goods/sales_{ds:yyyyMMdd}.csv"),
        ("2026_11_20.csv", "goods/{ds:yyyy_MM_dd}.csv"),
        ("a-2026.11.20.csv", "goods/a-{ds:yyyy.MM.dd}.csv"),
        ("2026-11-20/sales.csv", "goods/{ds}/sales.csv"),
        ("dt=2026-11-20/sales.csv", "goods/dt={ds}/sales.csv"),
        ("sales.csv", "goods/{ds}/sales.csv"),
        ("store1234567890.csv", "goods/{ds}/store1234567890.csv"),
        ("2026-1120.csv", "goods/{ds}/2026-1120.csv"),
        ("sales_20261345.csv", "goods/{ds}/sales_20261345.csv"),
        ("sales{1}.csv", "goods/{ds}/goods.csv"),
        ("2026-11-20/{x}/sales.csv", "goods/{ds}/goods.csv"),
    ],
)
def test_the_date_in_a_samples_name_is_the_business_date(tmp_path: Path, name: str, pattern: str) -> None:
    text, contract = proposal(tmp_path, {name: sales()})
    assert key(contract) == pattern
    assert marked(text, "where is the file of a business date dropped?")
    assert next(column.name for column in contract.columns if column.partition) == "ordered_on"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("sales_20261120_031500.csv", "goods/sales_{ds:yyyyMMdd}_{stamp:HHmmss}.csv"),
        ("sales_20261120031500.csv", "goods/sales_{ds:yyyyMMdd}{stamp:HHmmss}.csv"),
        ("sales_20261120031500123.csv", "goods/sales_{ds:yyyyMMdd}{stamp:HHmmss}{any}.csv"),
        ("sales-2026-11-20-03-15.csv", "goods/sales-{ds}-{stamp:HH-mm}.csv"),
        ("sales_20261120T0315Z.csv", "goods/sales_{ds:yyyyMMdd}T{stamp:HHmm}Z.csv"),
        ("sales_20261120-0315_8f2c.csv", "goods/sales_{ds:yyyyMMdd}-{stamp:HHmm}_{any}.csv"),
        (
            "sales_20261120_031500_0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f.csv",
            "goods/sales_{ds:yyyyMMdd}_{stamp:HHmmss}_{any}.csv",
        ),
        ("sales_20261120_made_20261121031500.csv", "goods/sales_{ds:yyyyMMdd}_made_{stamp}.csv"),
        ("sales_20261120_20261121-0315.csv", "goods/sales_{ds:yyyyMMdd}_{stamp:yyyyMMdd-HHmm}.csv"),
        ("sales_20261120_20261121.csv", "goods/sales_{ds:yyyyMMdd}_{stamp:yyyyMMdd}.csv"),
        ("sales_20261121_of_20261120.csv", "goods/sales_{stamp:yyyyMMdd}_of_{ds:yyyyMMdd}.csv"),
        ("sales_20261121T031500.csv", "goods/{ds}/sales_{stamp:yyyyMMdd}T{stamp:HHmmss}.csv"),
        ("sales_20261121.csv", "goods/{ds}/sales_{stamp:yyyyMMdd}.csv"),
    ],
)
def test_a_time_beside_the_business_date_is_a_stamp(tmp_path: Path, name: str, pattern: str) -> None:
    text, contract = proposal(tmp_path, {name: sales("2026-11-20")})
    assert key(contract) == pattern
    assert marked(text, "where is the file of a business date dropped?")
    assert next(column.name for column in contract.columns if column.partition) == "ordered_on"


def test_two_dates_of_one_day_are_one_date(tmp_path: Path) -> None:
    _, contract = proposal(tmp_path, {"20261120/sales_2026-11-20.csv": sales()})
    assert key(contract) == "goods/sales_{ds}.csv"


def test_words_that_differ_behind_a_stamp_tell_nothing(tmp_path: Path) -> None:
    samples = {f"sales_20261120_0315{n}0_{word}.csv": sales() for n, word in enumerate(["kilo", "lima"])}
    _, contract = proposal(tmp_path, samples)
    assert key(contract) == "goods/sales_{ds:yyyyMMdd}_{stamp:HHmmss}_{any}.csv"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("sales_2026112008.csv", "goods/sales_{ds:yyyyMMddHH}.csv"),
        ("sales_20261120_08.csv", "goods/sales_{ds:yyyyMMdd}_{hour}.csv"),
        ("2026-11-20/08/sales.csv", "goods/{ds}/{hour}/sales.csv"),
        ("sales_20261120T08.csv", "goods/sales_{ds:yyyyMMdd}T{hour}.csv"),
    ],
)
def test_an_hour_in_a_name_makes_partitions_of_hours(tmp_path: Path, name: str, pattern: str) -> None:
    text, contract = proposal(tmp_path, {name: sales()})
    assert (key(contract), str(contract.unit)) == (pattern, "hour")
    assert {column.partition: column.name for column in contract.columns if column.partition} == {
        "hour": "at",
        "ds": "ordered_on",
    }
    assert contract.arrival
    assert contract.arrival.minutes_after == 20
    assert marked(text, "does each record say what its key says?")


def test_two_digits_that_no_record_calls_an_hour_are_left_to_a_person(tmp_path: Path) -> None:
    text, contract = proposal(tmp_path, {"sales_20261120_01.csv": sales()})
    assert key(contract) == "goods/sales_{ds:yyyyMMdd}_01.csv"
    assert marked(text, "Is 01 an hour, {hour}, or a part of a set, {shard}?")


@pytest.mark.parametrize(
    ("name", "pattern", "unit"),
    [
        ("ken_all_202611.csv", "goods/ken_all_{ds:yyyyMM}.csv", "month"),
        ("2026-11.csv", "goods/{month}.csv", "month"),
        ("sales_2026_11.csv", "goods/sales_{ds:yyyy_MM}.csv", "month"),
        ("sales_2026-W47.csv", "goods/sales_{week}.csv", "week"),
        ("sales_2026W47.csv", "goods/sales_{YYYY}W{ww}.csv", "week"),
    ],
)
def test_a_month_or_a_week_in_a_name_makes_partitions_of_those(
    tmp_path: Path, name: str, pattern: str, unit: str
) -> None:
    _, contract = proposal(tmp_path, {name: sales()})
    assert (key(contract), str(contract.unit)) == (pattern, unit)
    assert [column.name for column in contract.columns if column.partition] == ["ordered_on"]
    assert contract.arrival


@pytest.mark.parametrize("name", ["latest.csv", "shops_full.csv", "Customers-ALL.csv", "全件.csv"])
def test_a_name_that_says_all_replaces_the_whole_table_if_a_person_agrees(tmp_path: Path, name: str) -> None:
    text, contract = proposal(tmp_path, {name: PLAIN})
    assert (key(contract), str(contract.unit), contract.arrival) == (f"goods/{name}", "none", None)
    assert marked(text, "does each file replace the whole table?")


@pytest.mark.parametrize("name", ["install.csv", "wallet.csv", "currently.csv"])
def test_a_word_within_another_says_nothing(tmp_path: Path, name: str) -> None:
    assert key(proposal(tmp_path, {name: PLAIN})[1]) == f"goods/{{ds}}/{name}"


def test_where_no_sample_says_a_date_none_is_made_up_for_the_deadlines(tmp_path: Path) -> None:
    text, contract = proposal(tmp_path, {"goods.csv": PLAIN})
    assert "      # firstDate: 2000-01-01" in text
    assert contract.arrival


def test_names_that_differ_in_one_word_are_of_parts_that_a_column_names(tmp_path: Path) -> None:
    samples = {f"2026-11-20/08/{store}.csv": sales(store=store) for store in ("S01", "S02")}
    text, contract = proposal(tmp_path, samples)
    assert key(contract) == "goods/{ds}/{hour}/{store}.csv"
    assert [(part.name, part.values) for part in contract.parts] == [("store", ("S01", "S02"))]
    assert {column.partition for column in contract.columns if column.partition} == {"ds", "hour", "store"}
    assert marked(text, "all that there are: each is awaited, and no other is taken")


def test_parts_that_no_column_names_stand_beside_the_records(tmp_path: Path) -> None:
    samples = {f"sales_{sender}_2026112{n}.csv": sales(f"2026-11-2{n}") for n, sender in enumerate(["osaka", "tokyo"])}
    _, contract = proposal(tmp_path, samples)
    assert key(contract) == "goods/sales_{part}_{ds:yyyyMMdd}.csv"
    assert [column.name for column in contract.columns if column.partition] == ["ordered_on"]


def test_names_that_differ_otherwise_are_listed(tmp_path: Path) -> None:
    text, contract = proposal(tmp_path, {"sales_20261120.csv": sales(), "uriage-2026-11-20.csv": sales()})
    assert key(contract) == "goods/sales_{ds:yyyyMMdd}.csv"
    assert "By the other samples' names: goods/uriage-{ds}.csv." in text


def test_columns_without_a_header_ask_for_their_names_once(tmp_path: Path) -> None:
    lines = "".join(f"{number:05},A,B,C,{number % 2},D,E,F\n" for number in range(30))
    text, contract = proposal(tmp_path, {"codes_202611.csv": lines})
    assert len(contract.columns) == 8
    assert text.count(MARK) <= 7
    assert marked(text, "the file names no column: put a name for column_1 and each of the others")

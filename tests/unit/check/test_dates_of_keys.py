"""The date in the key: conditions that name it, and a date beyond the contract's bounds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from suimon.check.engine import check_file
from suimon.check.verdict import Code, RuleCount
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract
from suimon.report.as_json import describe, identity
from tests.unit.conftest import Check

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FLIGHTS = """\
apiVersion: v3.1.0
kind: DataContract
version: "1"
schema:
  - name: flights
    physicalName: flights
    properties:
      - {name: year, logicalType: integer, required: true}
      - {name: month, logicalType: integer, required: true}
      - {name: day, logicalType: integer, required: true}
      - {name: time_hour, logicalType: timestamp, logicalTypeOptions: {format: "yyyy-MM-dd'T'HH:mm:ssXXX"}}
    quality:
      - {type: custom, engine: suimon, name: day of the key, implementation: "SQL"}
customProperties:
  - {property: keyPattern, value: "flights/{ds}/flights.csv"}
  - {property: dag, value: flights_etl}
  - property: dialect
    value: {encoding: utf-8, delimiter: ",", quote: '"', escape: '"', header: true, nullTokens: [""]}
"""
THREE_COLUMNS = "make_date(year, month, day) = {ds}"
LOCAL_MOMENT = "CAST(time_hour AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' AS DATE) = {ds}"
# The last flight of the 8th in New York is of the 9th in UTC.
EIGHTH = "year,month,day,time_hour\n2013,1,8,2013-01-08T05:00:00Z\n2013,1,8,2013-01-09T04:00:00Z\n"


@pytest.fixture
def flights(tmp_path: Path) -> Callable[[str], Contract]:
    def read(sql: str) -> Contract:
        path = tmp_path / "flights.odcs.yaml"
        path.write_text(FLIGHTS.replace("SQL", sql), encoding="utf-8")
        return read_contract(path)

    return read


@pytest.mark.parametrize("sql", [THREE_COLUMNS, LOCAL_MOMENT])
def test_yesterdays_rows_under_todays_key_are_rejected(
    check: Check, flights: Callable[[str], Contract], sql: str
) -> None:
    contract = flights(sql)
    assert check(EIGHTH, contract, "2013-01-08").accepted
    verdict = check(EIGHTH, contract, "2013-01-09")
    places = [(cell.code, cell.line, cell.record) for cell in verdict.bad_cells]
    assert places == [(Code.CONDITION_ERROR, 2, 1), (Code.CONDITION_ERROR, 3, 2)]
    assert "2013-01-09" in describe(verdict, 5)
    assert "{ds}" not in describe(verdict, 5)


def test_columns_that_make_no_date_break_the_condition(check: Check, flights: Callable[[str], Contract]) -> None:
    verdict = check("year,month,day,time_hour\n2013,2,30,\n", flights(THREE_COLUMNS), "2013-03-02")
    assert [cell.code for cell in verdict.bad_cells] == [Code.CONDITION_ERROR]


def test_without_a_date_the_condition_is_left_out_and_the_report_says_so(
    check: Check, flights: Callable[[str], Contract]
) -> None:
    contract = flights(THREE_COLUMNS)
    assert check(EIGHTH, contract, None).accepted
    assert identity(contract, "f", None)["partition_checked"] is False
    assert identity(contract, "f", "2013-01-08")["partition_checked"] is True


@pytest.mark.parametrize(
    ("partition", "english", "japanese"),
    [
        (
            "0001-01-01",
            "comes under the date 0001-01-01; the contract takes none before 1990-01-01",
            "キーの日付は 0001-01-01 ですが、契約では 1990-01-01 より前を受け付けません",
        ),
        (
            "9999-12-31",
            "comes under the date 9999-12-31; the contract takes none after 2026-11-24",
            "キーの日付は 9999-12-31 ですが、契約では 2026-11-24 より後を受け付けません",
        ),
    ],
)
def test_a_file_under_an_absurd_date_is_rejected_unread(
    tmp_path: Path, sales: Contract, partition: str, english: str, japanese: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"\xff nothing of this is read")
    verdict = check_file(path, sales, partition, scratch=tmp_path, arrived=NOON)
    assert not verdict.accepted
    [cell] = verdict.bad_cells
    assert (cell.code, cell.line, cell.record, cell.column) == (Code.DATE_OUT_OF_BOUNDS, None, None, None)
    assert verdict.counts == (RuleCount(Code.DATE_OUT_OF_BOUNDS, None, 1, cell.details),)
    assert english in describe(verdict, 5)
    assert japanese in describe(verdict, 5, "ja")


def test_a_contract_may_take_dates_further_ahead(tmp_path: Path, sales: Contract) -> None:
    path = tmp_path / "file.csv"
    path.write_text((Path(__file__).parents[3] / "docs/sample/sales_data.csv").read_text(encoding="utf-8"))
    planned = replace(sales, dates=replace(sales.dates, days_ahead=400))
    found = check_file(path, planned, "2027-11-20", scratch=tmp_path, arrived=NOON).counts
    assert Code.DATE_OUT_OF_BOUNDS not in {count.code for count in found}

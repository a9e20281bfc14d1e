"""Whatever stands anywhere in a contract, it is read or refused: reading never fails in another way."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError, Problem
from suimon.contract.odcs.parse import read_contract

Path_ = tuple[str | int, ...]
WHOLE = yaml.safe_load("""
apiVersion: v3.2.0
kind: DataContract
version: "1"
schema:
  - name: goods
    physicalName: goods
    quality:
      - {metric: duplicateValues, arguments: {properties: [code, day]}, mustBeBetween: [0, 5]}
      - {type: custom, engine: suimon, name: n, implementation: pieces > 0, description: x}
    properties:
      - name: code
        logicalType: string
        classification: personal
        primaryKey: true
        primaryKeyPosition: 1
        enum: [{value: A}]
        logicalTypeOptions: {minLength: 1, maxLength: 3, pattern: ^A$}
        customProperties: [{property: label, value: 商品}]
      - name: day
        logicalType: date
        primaryKey: true
        primaryKeyPosition: 2
        logicalTypeOptions: {format: yyyyMMdd, minimum: "2026-01-01", maximum: "2026-12-31"}
      - {name: pieces, logicalType: integer, logicalTypeOptions: {format: i64, minimum: 1, maximum: 5}}
      - name: at
        logicalType: timestamp
        logicalTypeOptions: {format: "yyyy-MM-dd HH:mm:ssXXX", minimum: "2026-01-01T00:00:00Z"}
      - name: active
        logicalType: boolean
        customProperties: [{property: trueWords, value: ["1"]}, {property: falseWords, value: ["0"]}]
      - name: price
        logicalType: number
        physicalType: decimal(9,2)
        quality:
          - metric: invalidValues
            arguments: {validValues: ["1"], pattern: ^1$}
            mustBe: 0
            unit: percent
            severity: warning
          - {metric: missingValues, arguments: {missingValues: [x]}, mustBe: 0}
slaProperties: [{property: freshness, value: 1, unit: d, element: goods.day}]
customProperties:
  - {property: keyPattern, value: "goods/{ds}.csv"}
  - {property: dag, value: goods_etl}
  - {property: partition, value: day}
  - {property: tolerance, value: {maxRows: 3, maxPercent: 1.5}}
  - {property: arrival, value: {daysAfter: 1, deadline: "06:00", timeZone: Asia/Tokyo, lookbackDays: 5}}
  - property: dialect
    value:
      encoding: cp932
      delimiter: ","
      quote: '"'
      escape: '"'
      lineEnding: lf
      header: true
      headerOrder: free
      headerCase: ignore
      extraColumns: ignore
      nullTokens: ["", N]
      decimal: ","
      skipLines: 1
      comment: "#"
      compression: zip
      maxRatio: 5
      maxBytes: 100
      trailer: {marker: E, count: 2, sums: [{column: price, cell: 3}]}
""")
JUNK: list[Any] = [None, 3, -1.5, 10**30, float("nan"), True, "x", "", "\0", [], {}, [3], ["x"], [None], [[]], {"a": 1}]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*at, key)
        yield from places(child, (*at, key))


def put(place: Path_, junk: Any) -> str:
    document = copy.deepcopy(WHOLE)
    node = document
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = junk
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def test_a_contract_with_every_clause_survives_its_compiled_form(reads: Callable[[str], Contract]) -> None:
    contract = reads(yaml.safe_dump(WHOLE, sort_keys=False, allow_unicode=True))
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junk") / "c.odcs.yaml"


@given(st.sampled_from(list(places(WHOLE))), st.sampled_from(JUNK))
def test_junk_is_read_or_refused_with_its_line(path: Path, place: Path_, junk: Any) -> None:
    path.write_text(put(place, junk), encoding="utf-8")
    problems, contract = list[Problem](), None
    try:
        contract = read_contract(path)
    except ContractFileError as error:
        problems = error.problems
    assert (contract is None) == bool(problems)
    assert all(problem.line > 0 for problem in problems)
    if contract:
        assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract

"""docs/how-do-i-say.md: every answer is a contract that can be used, every key that it names one of its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from suimon.contract.odcs.parse import read_contract

PAGE = (Path(__file__).parents[3] / "docs" / "how-do-i-say.md").read_text(encoding="utf-8")
# What stands since the block before, and the block.
ANSWERS = re.findall(r"(?:^|```\n)((?:(?!```).)*)```yaml\n(.*?)(?=```)", PAGE, re.DOTALL)
BASE = """
apiVersion: v3.1.0
kind: DataContract
id: b5a3d3c2-6f0e-4c55-9a41-5d1f6e0c7a10
version: 1.0.0
status: active
schema:
  - name: orders
    physicalName: orders
    properties:
      - {name: order_no, logicalType: string, logicalTypeOptions: {maxLength: 40}}
      - {name: day, logicalType: date, required: true}
      - {name: hour, logicalType: integer, required: true}
      - {name: store, logicalType: string, required: true, logicalTypeOptions: {maxLength: 8}}
    quality: [{metric: rowCount, type: library, mustBeGreaterOrEqualTo: 1}]
"""
PARTITIONS = {
    "orders/2026-11-20/13.csv": "2026-11-20T13",
    "orders/orders_202611.csv": "2026-11",
    "orders/2026-11-20/S01.csv": "2026-11-20/store=S01",
    "orders/osaka/2026-11-20.csv": "2026-11-20/sender=osaka",
    "orders/latest.csv": "all",
}
USUAL = {
    "keyPattern": "orders/{ds}/orders.csv",
    "dag": "orders_etl",
    "dialect": {
        "encoding": "utf-8",
        "delimiter": ",",
        "quote": '"',
        "escape": '"',
        "header": True,
        "nullTokens": [""],
    },
}


def test_the_page_has_answers_and_examples() -> None:
    assert len(ANSWERS) == PAGE.count("```yaml") >= 12
    assert sum(words.count("for example `") for words, _ in ANSWERS) == PAGE.count("for example `") == 10


@pytest.mark.parametrize(("words", "answer"), ANSWERS)
def test_an_answer_is_a_contract_and_its_example_one_of_its_keys(tmp_path: Path, words: str, answer: str) -> None:
    said, document = yaml.safe_load(answer), yaml.safe_load(BASE)
    custom = USUAL | {one["property"]: one["value"] for one in said.get("customProperties", ())}
    document["customProperties"] = [{"property": name, "value": value} for name, value in custom.items()]
    document["schema"][0]["properties"] += said.get("properties", [])
    path = tmp_path / "answer.odcs.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")

    contract = read_contract(path)

    for key in re.findall(r"for example `([^`]+)`", words):
        assert contract.match(key) == PARTITIONS.get(key, "2026-11-20")

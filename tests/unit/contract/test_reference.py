"""docs/contract.md and the grammar say the same."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from suimon.contract.file import COMPRESSIONS, ENCODINGS, LINE_ENDINGS, METRICS, SEVERITIES
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import Grammar
from suimon.contract.odcs.columns import PROPERTY_CUSTOM
from suimon.contract.odcs.known import CONTRACT, CUSTOM
from suimon.contract.odcs.runs import MAX_DAG_ID

REFERENCE = (Path(__file__).parents[3] / "docs/contract.md").read_text(encoding="utf-8")


def keys(grammar: Grammar) -> Iterator[str]:
    for key, below in grammar.items():
        yield key
        yield from keys(below if isinstance(below, dict) else below[0] if isinstance(below, list) else {})


def documented() -> set[str]:
    """Return every word that stands in the reference as code."""
    return {word for span in re.findall(r"`([^`\n]+)`", REFERENCE) for word in re.findall(r"[\w-]+", span)}


def test_every_clause_that_a_contract_may_hold_is_in_the_reference() -> None:
    assert {*keys(CONTRACT), *keys(CUSTOM), *keys(PROPERTY_CUSTOM)} - documented() == set()


def test_every_value_that_there_is_a_choice_of_is_in_the_reference() -> None:
    assert f"at most {MAX_DAG_ID} characters" in REFERENCE
    assert {*COMPRESSIONS, *ENCODINGS, *LINE_ENDINGS, *METRICS, *SEVERITIES} - documented() == set()


def test_the_example_is_a_contract(reads: Callable[[str], Contract]) -> None:
    example, trailer, _ = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    contract = reads(example.replace("nullTokens:", f"{trailer.strip()}, nullTokens:"))
    assert contract.primary_key == ("shop", "number")
    assert [condition.columns for condition in contract.conditions] == [("shipped_on", "ordered_on")]
    assert contract.file is not None
    assert contract.file.trailer is not None


def test_the_example_of_a_set_is_a_contract(reads: Callable[[str], Contract]) -> None:
    example, _, shards = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    whole_file = '  - {property: keyPattern, value: "orders/{ds}/orders.csv"}\n'
    assert whole_file in example
    rule = reads(example.replace(whole_file, shards.removeprefix("customProperties:\n"))).set_rule
    assert rule is not None
    assert rule.marker is not None
    assert rule.marker.text == "orders/{ds}/_SUCCESS"

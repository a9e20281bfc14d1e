"""Where a drop's objects lie in the lake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from suimon.drops.drop import Accepted
from suimon.drops.lake import accepted_key, accepted_name, accepted_prefix, aside_key, file_name, processed_prefix
from suimon.drops.states import State
from tests.unit.drop_records import drop_record

RECORD = replace(
    drop_record(State.ACCEPTED, "sales/2026-11-20/sales_data.csv"), attempt=2, accepted=Accepted("data.csv.gz", 3)
)
PLACE = f"{RECORD.dataset}/{RECORD.partition}/{RECORD.id}"


def test_each_object_has_its_own_place() -> None:
    assert file_name(RECORD) == "sales_data.csv"
    assert accepted_prefix(RECORD) == f"accepted/{PLACE}/"
    assert accepted_key(RECORD) == f"accepted/{PLACE}/data.csv.gz"
    # Of an attempt: a replay writes beside the one before.
    assert processed_prefix(RECORD) == f"processed/{PLACE}.2/"
    assert aside_key(RECORD) == f"aside/{PLACE}.2/bad_rows.csv"


def test_a_key_without_a_folder_is_its_own_name() -> None:
    assert file_name(drop_record(State.RECEIVED, "sales.csv")) == "sales.csv"


def test_what_was_never_accepted_has_no_copy() -> None:
    with pytest.raises(ValueError, match=f"drop {RECORD.id} is ACCEPTED and has no accepted copy"):
        accepted_key(replace(RECORD, accepted=None))


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (Contract("sales", "1", "t"), "data.csv"),
        (Contract("sales", "1", "t", file=FileFormat()), "data.csv"),
        (Contract("sales", "1", "t", file=FileFormat(compression="zip")), "data.csv.zip"),
    ],
)
def test_an_accepted_copy_is_named_by_its_compression(contract: Contract, name: str) -> None:
    assert accepted_name(contract) == name

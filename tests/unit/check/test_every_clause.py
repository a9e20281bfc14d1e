"""No clause on how files and cells are written is left out of the contracts that are drawn for gate and Glue job."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings

from suimon.contract.file import Column, FileFormat
from tests.unit.check.strategies import Case, cases

# What no drawn file can meet: the bounds of an archive.
NOT_DRAWN = {"max_ratio", "max_bytes"}


def drawn(number: int) -> list[Case]:
    found = list[Case]()

    @given(case=cases(faults=False))
    @settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found


def clauses(kind: type[Any]) -> dict[str, set[Any] | None]:
    """Return each field and the values that it must be seen with; None: any other than its default."""
    hints = get_type_hints(kind)
    return {
        one.name: set(get_args(hints[one.name])) if get_origin(hints[one.name]) is Literal else None
        for one in fields(kind)
    }


def unseen(kind: type[Any], values: list[Any]) -> set[str]:
    missing = set[str]()
    defaults = {one.name: None if one.default is MISSING else one.default for one in fields(kind)}
    for name, wanted in clauses(kind).items():
        seen = {getattr(value, name) for value in values}
        if wanted is None and not seen - {defaults[name]}:
            missing.add(name)
        missing |= {f"{name}: {value}" for value in (wanted or set()) - seen}
    return missing


@pytest.mark.large
def test_every_value_of_every_clause_is_drawn() -> None:
    found = drawn(600)
    assert unseen(FileFormat, [case.contract.file for case in found]) <= NOT_DRAWN
    assert unseen(Column, [column for case in found for column in case.contract.columns]) == set()

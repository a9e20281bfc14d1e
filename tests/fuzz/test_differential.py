"""The campaign of `make differential` itself: it draws both ways, finds a difference, resumes where it was stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import differential
from tests.fuzz.differential import FILES, KINDS, Block, blocks, judge_block, pending
from tests.unit.check import agreement
from tests.unit.check.oracle import judge


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_of_files_is_read_alike(kind: str) -> None:
    assert judge_block(Block(kind, 10**6, 6)) == ""


@pytest.mark.large  # the smallest such file is looked for
def test_a_verdict_that_differs_is_reported_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    right = judge

    def wrong(*file: Any) -> Any:
        expected = right(*file)
        return replace(expected, rows=expected.rows + 1)

    monkeypatch.setattr(agreement, "judge", wrong)
    found = judge_block(Block("structure", 1, 3))
    assert found.startswith("structure 1 3\n")
    assert "case=Case(b'" in found


def test_every_kind_gets_so_many_files() -> None:
    drawn = list(blocks(FILES))
    assert {kind: sum(block.files for block in drawn if block.kind == kind) for kind in KINDS} == dict.fromkeys(
        KINDS, FILES
    )
    assert len({block.name for block in drawn}) == len(drawn)


@pytest.mark.process
def test_a_run_that_was_stopped_resumes_with_the_blocks_that_are_not_done(tmp_path: Path) -> None:
    notes, told = tmp_path / "notes" / "done.txt", list[str]()
    first, second = Block("as-csv", 1, 2), Block("as-csv", 2, 2)
    assert differential.run([first], notes, 1, told.append) == []
    assert pending([first, second], notes) == [second]
    assert told == ["1 of 1 blocks (as-csv 2), 0 differ, 0 minutes left"]

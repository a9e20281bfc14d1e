"""Records between comments, taken many at a time, are what they are one by one: the same numbers, lines and faults."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.check.grammar import Grammar
from suimon.check.scanned import Run, Scan
from suimon.check.structure import scan
from suimon.contract.file import FileFormat

DIALECTS = [FileFormat(comment="#"), FileFormat(comment="//", escape="\\"), FileFormat(comment="#", quote="")]
LINES = [
    "1,2",
    "3,4\r",
    '"a\n#b",5',
    '"a""b",',
    '"#",7',
    "6",
    "",
    '"8,9',
    "é,\x00",
    "# c",
    "#",
    '# "',
    "// d",
    "#\x1a\r",
]
MAKING = {"_SHORTEST_STRETCH": 12, "_LONGEST_STRETCH": 40}


def found_in(text: bytes, dialect: FileFormat, stretches: dict[str, int]) -> tuple[Scan, list[Run]]:
    """Return what is found in a text, and the runs of its good records, as long as they may be."""
    grammar = Grammar(dialect, 2)
    with pytest.MonkeyPatch.context() as patch:
        for name, size in stretches.items():
            patch.setattr(f"suimon.check.structure.{name}", size)
        found = scan(grammar, text, last=True, numbers=True, keep=True)
    runs = list[Run]()
    for run in found.plain_runs(text, grammar):
        if runs and runs[-1].end == run.start:
            runs[-1] = runs[-1]._replace(end=run.end, records=runs[-1].records + run.records)
        else:
            runs.append(run)
    return found, runs


@pytest.mark.parametrize("dialect", DIALECTS, ids=repr)
@given(lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=30), ended=st.booleans())
def test_records_between_comments_are_the_same_taken_together_and_alone(
    dialect: FileFormat, lines: list[str], *, ended: bool
) -> None:
    text = ("\n".join(lines) + "\n" * ended).encode()
    alone, runs = found_in(text, dialect, {"_SHORTEST_STRETCH": 0, "_LONGEST_STRETCH": 0})
    assert not any(run.commented for run in alone.runs)
    for stretches in (MAKING, {}):
        together, same = found_in(text, dialect, stretches)
        assert same == runs
        assert (together.faults, together.bad, together.broken) == (alone.faults, alone.bad, alone.broken)
        assert (together.records, together.end, together.steps) == (alone.records, alone.end, alone.steps)


def test_many_are_taken_together() -> None:
    text = b"# c\n1,2\n" * 1_000
    found, runs = found_in(text, DIALECTS[0], {})
    assert len(found.runs) < 10
    assert all(run.commented for run in found.runs)
    assert (len(runs), found.records) == (1_000, 1_000)
    assert all((after.line - before.line, after.record - before.record) == (2, 1) for before, after in pairwise(runs))

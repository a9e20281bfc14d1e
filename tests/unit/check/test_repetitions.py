"""Keys that repeat, far apart in a file of many segments and beside cells that are bad for other reasons."""

from pathlib import Path
from random import Random

import pytest

from suimon.check import repetitions, segments
from suimon.check.engine import check_file
from suimon.check.verdict import Code
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

RECORDS = 6_000
CONTRACT = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(
        Column("id", "decimal", precision=12, scale=2, unique=True),
        Column("name", "string", max_length=6),
        Column("serial", "string", unique=True),
        Column("count", "integer", bits=32, minimum="1"),
    ),
)


@pytest.mark.parametrize("batch", [0, 700, 1024 * 1024], ids=["each segment by itself", "some together", "all"])
@pytest.mark.usefixtures("way")
def test_every_record_that_repeats_a_key_is_found_with_the_first_that_has_it(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 16 * 1024)
    monkeypatch.setattr(repetitions, "_BATCH_BYTES", batch)
    rows = [[f"{number}.50", f"n{number % 7}", f"s{number}", "1"] for number in range(RECORDS)]
    draw = Random(11)  # noqa: S311
    twice = dict(zip(draw.sample(range(3_000, RECORDS), 40), draw.sample(range(3_000), 40), strict=True))
    for again, first in twice.items():
        rows[again][0] = f"+{first:06}.5"  # the same number, written otherwise
    same_text = dict(zip(draw.sample(range(3_000, RECORDS), 40), draw.sample(range(3_000), 40), strict=True))
    for again, first in same_text.items():
        rows[again][2] = f"s{first} "  # blanks at the end mean nothing
        rows[again][1] = "too long"
        rows[first][3] = "0"
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["id,name,serial,count", *map(",".join, rows), ""]))
    verdict = check_file(path, CONTRACT, None, scratch=tmp_path, threads=2)
    found = {"id": dict[int, object](), "serial": dict[int, object]()}
    for cell in verdict.bad_cells:
        if cell.code is Code.UNIQUE_ERROR:
            assert cell.record
            found[cell.column or ""][cell.record - 1] = cell.details["first"]
    assert found == {
        "id": {again: first + 1 for again, first in twice.items()},
        "serial": {again: first + 1 for again, first in same_text.items()},
    }
    assert {count.column: count.cells for count in verdict.counts if count.code is not Code.UNIQUE_ERROR} == {
        "name": 40,
        "count": 40,
    }
    assert list(tmp_path.iterdir()) == [path]

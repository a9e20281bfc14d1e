"""`make bench-kernel`: the stream is a sound file of any size, its page and its picture tell what was measured."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.kernel.page import page
from bench.kernel.picture import picture
from bench.kernel.scale import CONTRACT, Size
from bench.kernel.stages import Stage, Stages
from bench.kernel.stream import PARTITION, RECORDS, stream_of
from bench.kernel.worker import main
from suimon.check.engine import check
from suimon.contract.odcs.parse import read_contract

SIZES = [
    Size(
        10**power, 10 ** (power - 2), wall=1.0, cpu=0.25 + 2 * 10.0 ** (power - 9), making=0.0, peak=10**8, duckdb=False
    )
    for power in range(6, 11)
]
STAGES = Stages(8_000_000, 100_000, (Stage("records", 0.01, 0.01), Stage("types", 0.015, 0.005)))


def test_the_stream_keeps_its_contract_and_no_key_stands_twice(tmp_path: Path) -> None:
    stream = stream_of(3_000_000)
    verdict = check(stream, read_contract(CONTRACT), PARTITION, scratch=tmp_path)
    assert (verdict.accepted, verdict.rows) == (True, stream.records)
    assert (stream.size, stream.records) == (sum(map(len, stream.chunks())), stream.blocks * RECORDS)
    assert list(stream.chunks()) == list(stream.chunks())


def test_what_is_measured_is_a_check_that_passed(tmp_path: Path) -> None:
    contract, answer = tmp_path / "contract.json", tmp_path / "answer.json"
    compiled = read_contract(CONTRACT).to_json()
    contract.write_text(json.dumps(compiled), encoding="utf-8")
    main("1", "check", str(contract), str(answer))
    assert json.loads(answer.read_text(encoding="utf-8"))["records"] == RECORDS
    compiled["columns"][4]["minimum"] = "2"
    contract.write_text(json.dumps(compiled), encoding="utf-8")
    with pytest.raises(SystemExit, match="minimum"):
        main("1", "check", str(contract), str(answer))


def test_the_page_keeps_its_columns() -> None:
    text = page(STAGES, SIZES, "this machine")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert [len({line.count("|") for line in table}) for table in tables] == [1, 1]
    assert "| types | 150.0 | 50.0 | 533 |" in text
    assert "| 10,000 | 100,000,000 | 1.00 | 20.25 | 20.25 | 494 | 100 |" in text


def test_the_picture_is_sound_xml_with_a_point_for_each_size() -> None:
    root = ET.fromstring(picture(SIZES))  # noqa: S314 - our own
    points = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(points) == len(SIZES)
    assert [float(point.get("cx", 0)) for point in points] == sorted(float(point.get("cx", 0)) for point in points)
    assert [float(point.get("cy", 0)) for point in points] == sorted(
        (float(point.get("cy", 0)) for point in points), reverse=True
    )

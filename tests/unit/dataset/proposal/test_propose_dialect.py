"""Proposals from samples: how the file is written, by its bytes alone."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tests.unit.dataset.proposal.proposals import EVENTS, INVENTORY, SALES, column, marked, proposed, read


def test_compressed_tabs_and_zones_are_found(tmp_path: Path) -> None:
    text = proposed(tmp_path / "events_2026-11-20.tsv.gz", gzip.compress(EVENTS.encode()))
    contract = read(text, tmp_path)
    assert contract.file is not None
    assert (contract.file.compression, contract.file.delimiter) == ("gzip", "\t")
    assert column(contract, "event_timestamp").format == "%Y-%m-%dT%H:%M:%S.%g%z"
    assert column(contract, "event_id").bits == 64
    assert contract.key_pattern is not None
    assert contract.key_pattern.text == "goods/events_{ds}.tsv.gz"
    assert "# quality: [{metric: invalidValues, arguments: {validValues: [click, view]}, mustBe: 0}]" in text


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (INVENTORY.encode("euc-jp"), "euc-jp"),
        (INVENTORY.encode("utf-16"), "utf-16"),
        (INVENTORY.encode("utf-8-sig"), "utf-8-sig"),
        (INVENTORY.encode("cp932"), "cp932"),
        ("品番,品名\n1,ﾘｮｸﾁｬ\n2,ｺｳﾁｬ\n".encode("cp932"), "cp932"),
        (INVENTORY.encode(), "utf-8"),
    ],
)
def test_the_encoding_is_told_by_its_bytes(sample: Path, tmp_path: Path, content: bytes, encoding: str) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert contract.file.encoding == encoding
    assert contract.columns[0].label == "品番"


def test_a_sample_of_ascii_leaves_the_encoding_open(sample: Path) -> None:
    assert marked(proposed(sample, "a,b\n1,2\n"), "encoding: utf-8")


@pytest.mark.parametrize("name", ["zip", "zstd"])
def test_other_compressions_are_read_as_well(sample: Path, tmp_path: Path, name: str) -> None:
    if name == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("sales.csv", SALES)
        content = packed.getvalue()
    else:
        content = pytest.importorskip("backports.zstd").compress(SALES.encode())
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert contract.file.compression == name
    assert len(contract.columns) == 7


@pytest.mark.parametrize(
    ("content", "quote", "cells"),
    [
        ('a,b\n"1,x",2\n"3",4\n', '"', 2),
        ("a,b\n'1,x',2\n'3',4\n", "'", 2),
        ('name\tsize\nA\t5" disk\nB\t3" disk\n', "", 2),
        ("a,b\nit's,2\nthat's,4\n", '"', 2),
        ('a|b|c\n"1|""x""\nnext line"|2|3\n', '"', 3),
    ],
)
def test_the_quote_is_the_one_that_makes_a_table(
    sample: Path, tmp_path: Path, content: str, quote: str, cells: int
) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert (contract.file.quote, len(contract.columns)) == (quote, cells)


def test_quotes_escaped_by_backslashes_are_found(sample: Path, tmp_path: Path) -> None:
    contract = read(proposed(sample, 'a,b\n"say \\"x, y\\"",2\nz,4\n'), tmp_path)
    assert contract.file is not None
    assert contract.file.escape == "\\"


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("a,b\n1,x\n2,y\n", ["a", "b"]),
        ("1,x\n2,y\n", ["column_1", "column_2"]),
        ("tokyo,tea\nosaka,coffee\nkobe,tea\n", ["column_1", "column_2"]),
        ("city,drink\nosaka,coffee\nkobe,tea\n", ["city", "drink"]),
    ],
)
def test_a_header_is_told_from_records(sample: Path, tmp_path: Path, content: str, labels: list[str]) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert [one.name for one in contract.columns] == labels
    assert contract.file is not None
    assert contract.file.header == (labels[0] != "column_1")


def test_records_of_another_width_are_told_wherever_they_stand(sample: Path) -> None:
    text = proposed(sample, "id,text\n" + f'1,"{"x" * 500}"\n' * 10_000 + "1,2,3\n")
    assert "1 records of the whole file have not 2 cells" in text


def test_a_file_that_begins_in_ascii_is_read_in_the_encoding_of_its_rest(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, ("id,text\n" + f'1,"{"x" * 500}"\n' * 10_000 + "2,緑茶と水\n").encode("cp932"))
    assert (form := read(text, tmp_path).file)
    assert form.encoding == "cp932"


def test_a_quote_that_stays_open_is_told_even_where_the_sample_is_cut(sample: Path) -> None:
    csv.field_size_limit(2_000_000)  # as the Glue job leaves it in a process that has run one
    sound, open_ = 'id,"text"\n' * 10_000, '3,"' + "x" * 5_000_000
    text = proposed(sample, sound + open_)
    assert "line 10001: a quote is opened and never closed" in text[: text.index("apiVersion")]


def test_blank_lines_between_all_records_do_not_hide_the_table(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "a,b\n\n1,2\n\n3,4\n\n\n\n")
    assert len(read(text, tmp_path).columns) == 2
    assert "line 2 and 4 more: the line is blank" in text

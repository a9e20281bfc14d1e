"""A file that the gate accepts becomes the same typed rows, whatever its dialect."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from backports import zstd

from glue import csv_to_parquet as job
from glue import reading
from suimon.check.engine import check_file
from suimon.contract.file import Column, FileFormat, Trailer
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract
from tests.datasets import contract_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[[job.Arguments], list[job.ParquetFile]]


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.mkdir("品目")  # as Explorer and `zip -r` write it
        file.writestr("品目/品目.csv", content)
    return archive.getvalue()


def halves(content: bytes, compress: Callable[[bytes], bytes]) -> bytes:
    """Two members in one file, as tools write them that compress in parallel."""
    middle = len(content) // 2
    return compress(content[:middle]) + compress(content[middle:])


SALES = (
    "order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
    'ORD-1,2026-11-20,C000001,"緑茶 500ml, ""上""\r\n（箱）",2,150.00,300.00\r\n'
    "ORD-2,2026-11-20,=C2, 麦茶 ,+03,0.5,1.50"
).encode()
INVENTORY = (
    '商品コード,倉庫,棚卸日,在庫数,更新日時\r\nA-1,"東京第一, 北",2026/11/22,0,2026/11/22 03:30:00\r\n'
    "A-1,髙島①―,2026/11/22,2147483647,0999/01/01 23:59:59\r\n件数,2\r\n"
).encode("cp932")
EVENTS = (
    b"event_id\tuser_id\tevent_type\tevent_timestamp\n"
    b'E"1\tU1\tpage_view\t2026-11-20T00:15:00+09:00\n'
    b"E'2\t\\\tsearch\t2026-11-20T23:59:59-11:30\n"
    b"E3\t\tpurchase\t2026-11-20T09:15:00Z\n"
)


@pytest.mark.parametrize(
    ("dataset", "partition", "content", "expected"),
    [
        (
            "sales",
            "2026-11-20",
            SALES,
            [
                ("ORD-1", date(2026, 11, 20), "C000001", '緑茶 500ml, "上"\r\n（箱）', 2, "150.00", "300.00"),
                ("ORD-2", date(2026, 11, 20), "=C2", " 麦茶 ", 3, "0.50", "1.50"),
            ],
        ),
        (
            "inventory",
            "2026-11-22",
            INVENTORY,
            [
                ("A-1", "東京第一, 北", date(2026, 11, 22), 0, datetime.fromisoformat("2026-11-22T03:30:00")),
                ("A-1", "髙島①―", date(2026, 11, 22), 2**31 - 1, datetime.fromisoformat("0999-01-01T23:59:59")),
            ],
        ),
        (
            "user_events",
            "2026-11-20",
            gzip.compress(EVENTS),
            [
                ('E"1', "U1", "page_view", datetime.fromisoformat("2026-11-19T15:15:00")),
                ("E'2", "\\", "search", datetime.fromisoformat("2026-11-21T11:29:59")),
                ("E3", None, "purchase", datetime.fromisoformat("2026-11-20T09:15:00")),
            ],
        ),
    ],
)
def test_a_file_of_each_contract_arrives_as_the_gate_has_read_it(
    tmp_path: Path, run: Run, dataset: str, partition: str, content: bytes, expected: list[tuple[Any, ...]]
) -> None:
    contract = read_contract(contract_file(dataset))

    rows = converted(content, contract, partition, tmp_path, run)

    texts = [tuple(str(value) if isinstance(value, Decimal) else value for value in row) for row in rows]
    assert texts == expected


COLUMNS = (
    Column("code", "string", label="コード"),
    Column("n", "integer", bits=64),
    Column("price", "decimal", precision=7, scale=2),
    Column("day", "date", format="%d.%m.%Y"),
    Column("at", "timestamp", format="%Y-%m-%d %H:%M:%S.%f%z"),
    Column("seen", "timestamp", format="%Y%m%dT%H%M%S.%g"),
    Column("paid", "boolean", true_words=("はい", "1"), false_words=("いいえ",)),
)
ROWS = [
    (
        'A "1", \\x 茶―',
        2**63 - 1,
        Decimal("1234.50"),
        date(1582, 10, 10),
        datetime.fromisoformat("2026-11-20T00:00:00.123456"),
        datetime.fromisoformat("2026-03-08T02:30:00.007000"),
        True,
    ),
    ("B", None, None, None, None, None, False),
]
DIALECTS: dict[str, tuple[FileFormat, str, Callable[[bytes], bytes]]] = {
    "mixed line endings in Shift_JIS in a zip": (
        FileFormat(encoding="shift_jis", compression="zip"),
        (
            'コード,n,price,day,at,seen,paid\n"A ""1"", \\x 茶―",9223372036854775807,1234.5,10.10.1582,'
            "2026-11-20 09:00:00.123456+09:00,20260308T023000.007,1\r\nB,,,,,,いいえ\n"
        ),
        zipped,
    ),
    "backslashes and comments in EUC-JP in two members of gzip": (
        FileFormat(encoding="euc-jp", escape="\\", comment="#", compression="gzip"),
        (
            '# it\'s " a quote\nコード,n,price,day,at,seen,paid\n# \\\n"A \\"1\\"\\, \\\\\\x 茶―",9223372036854775807,'
            '+1234.50,10.10.1582,2026-11-20 09:00:00.123456+09:00,"20260\\308T023000.007",はい\n"B",,"",,,,いいえ\n#'
        ),
        lambda content: halves(content, gzip.compress),
    ),
    "tabs without quotes in UTF-16 in two frames of zstd": (
        FileFormat(encoding="utf-16", delimiter="\t", quote="", escape="", compression="zstd"),
        (
            'コード\tn\tprice\tday\tat\tseen\tpaid\r\nA "1", \\x 茶―\t9223372036854775807\t1234.5\t10.10.1582\t'
            "2026-11-20 00:00:00.123456Z\t20260308T023000.007\t1\r\nB\t\t\t\t\t\tいいえ"
        ),
        lambda content: halves(content, zstd.compress),
    ),
    "a free header with more columns, skipped lines, a comment and a trailer": (
        FileFormat(
            encoding="utf-8-sig",
            header_order="free",
            header_case="ignore",
            extra_columns="ignore",
            skip_lines=2,
            comment="##",
            trailer=Trailer("END", 2),
        ),
        (
            'made by "us\n\n## <stray>\nPAID,"コード",new,N,Price,seen,day,at,new\n'
            'はい,"A ""1"", \\x 茶―",x,9223372036854775807,1234.5,20260308T023000.007,10.10.1582,'
            '2026-11-20 09:00:00.123456+09:00,\nいいえ,B,"x\n##",,,,,,\nEND,2\n'
        ),
        lambda content: content.replace(b"<stray>", b"\xff"),
    ),
    "semicolons, decimal commas and other quotes without a header in CP932": (
        FileFormat(
            encoding="cp932", delimiter=";", quote="'", escape="'", header=False, decimal=",", null_tokens=("", "NULL")
        ),
        (
            'A "1", \\x 茶―;9223372036854775807;1234,5;10.10.1582;'
            "'2026-11-20 00:00:00.123456+00:00';20260308T023000.007;1\n'B';NULL;'NULL';;'';NULL;いいえ\n"
        ),
        bytes,
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_of_each_dialect_arrives_as_the_gate_has_read_it(tmp_path: Path, run: Run, dialect: str) -> None:
    form, text, packed = DIALECTS[dialect]
    contract = Contract("cells", "1", "cells", file=form, columns=COLUMNS)

    assert converted(packed(text.encode(form.encoding)), contract, None, tmp_path, run) == ROWS


@pytest.mark.parametrize("tokens", [("",), ("NULL", "-")])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code\nA\nB\n", [("A", None, None), ("B", None, None)]),
        ("code,paid\nA,true\nB,false\n", [("A", None, True), ("B", None, False)]),
        ("code,n\nA,1\nB,2\n", [("A", 1, None), ("B", 2, None)]),
    ],
)
def test_a_column_that_may_be_absent_and_is_arrives_as_nulls(
    tmp_path: Path, run: Run, text: str, expected: list[tuple[Any, ...]], tokens: tuple[str, ...]
) -> None:
    columns = (
        Column("code", "string", required=True),
        Column("n", "integer", bits=64, may_be_absent=True),
        Column("paid", "boolean", may_be_absent=True),
    )
    contract = Contract("cells", "1", "cells", file=FileFormat(null_tokens=tokens), columns=columns)
    assert converted(text.encode(), contract, None, tmp_path, run) == expected


def converted(
    content: bytes, contract: Contract, partition: str | None, folder: Path, run: Run
) -> list[tuple[Any, ...]]:
    """Have the gate accept a file, under a name that says nothing of it, and give the rows that the job makes of it."""
    source, compiled = folder / "source.csv", folder / "_contract.json"
    source.write_bytes(content)
    compiled.write_text(json.dumps(contract.to_json()))
    verdict = check_file(source, contract, partition, scratch=folder)
    assert verdict.accepted, verdict
    arguments = job.Arguments(str(source), str(compiled), f"{folder}/processed/1/", verdict.accepted_rows)
    run(arguments)
    table = pq.read_table(arguments.target_uri, coerce_int96_timestamp_unit="us")
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize(
    "dialect",
    [
        FileFormat(header=False),
        FileFormat(header=False, escape="\\"),
        FileFormat(header=False, quote="", escape=""),
        FileFormat(header=False, comment="#"),
        FileFormat(header=False, comment="#", escape="\\"),
        FileFormat(header=False, comment="#", quote="", escape=""),
    ],
    ids=["default", "backslash", "unquoted", "comments", "backslash and comments", "unquoted with comments"],
)
@pytest.mark.parametrize("width", [1, 2])
def test_every_short_text_that_keeps_the_rules_of_structure_is_read_by_them(dialect: FileFormat, width: int) -> None:
    columns, taken = [{"name": f"c{place}"} for place in range(width)], 0
    ours = reading.dialect_of({"file": dialect.to_json(), "columns": columns})
    for length in range(1, 6):
        for letters in itertools.product('a,"\\\r\n#', repeat=length):
            text = "".join(letters)
            records = by_the_letter(text, dialect)
            if records is not None and all(len(record) == width for record in records):
                taken += 1
                assert list(reading.records_of(io.StringIO(text, newline="\n"), ours, columns)) == records, text
    assert taken > 100


def by_the_letter(text: str, form: FileFormat) -> list[list[str]] | None:  # noqa: C901 a branch for each rule
    """Read records letter by letter; None if one of them breaks a rule for which the gate refuses a file."""
    records, cells, cell, state, position = list[list[str]](), list[str](), "", "start", 0
    while position < len(text):
        letter, position = text[position], position + 1
        if state == "start" and not cells and form.comment and text.startswith(form.comment, position - 1):
            position = text.find("\n", position) + 1 or len(text)
        elif state == "quoted" and letter == form.quote:
            state = "after"
        elif state == "quoted":
            taken = letter == "\\" == form.escape
            cell, position = cell + (text[position : position + 1] if taken else letter), position + taken
        elif state == "after" and letter == form.quote == form.escape:
            cell, state = cell + letter, "quoted"
        elif letter == form.delimiter:
            cells, cell, state = [*cells, cell], "", "start"
        elif letter == "\n" or text.startswith("\r\n", position - 1):
            records.append([*cells, cell])
            cells, cell, state, position = [], "", "start", position + (letter == "\r")
        elif state == "start" and letter == form.quote:
            state = "quoted"
        elif state == "after" or letter in {form.quote, "\r"}:
            return None
        else:
            cell, state = cell + letter, "plain"
    if cells or state != "start":
        records.append([*cells, cell])
    return None if state == "quoted" else records

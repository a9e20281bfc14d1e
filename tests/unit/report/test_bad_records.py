"""bad_records.csv: what whoever sent a file gets back of it."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from suimon.check.engine import check_file
from suimon.check.source import LocalFile
from suimon.contract.file import Column, Compression, Encoding, FileFormat, Tolerance
from suimon.contract.model import Contract
from suimon.report import bad_records as module
from suimon.report.bad_records import bad_records

COLUMNS = (
    Column("order_id", "string", required=True, unique=True),
    Column("name", "string", label="氏名"),
    Column("quantity", "integer", bits=32, minimum="1"),
)
CONTRACT = Contract("orders", "1", "orders", file=FileFormat(), columns=COLUMNS)
HEADER = "order_id,氏名,quantity\n"


def made(tmp_path: Path, data: bytes, contract: Contract = CONTRACT) -> bytes | None:
    path = tmp_path / "f.csv"
    path.write_bytes(data)
    return bad_records(LocalFile(path), contract, check_file(path, contract, None, scratch=tmp_path))


def rows(tmp_path: Path, text: str, contract: Contract = CONTRACT) -> list[list[str]]:
    assert contract.file
    got = made(tmp_path, text.encode(contract.file.encoding), contract)
    assert got is not None
    return list(csv.reader(io.StringIO(got.decode("utf-8"), newline="")))


def test_each_bad_record_stands_there_whole_behind_its_reason(tmp_path: Path) -> None:
    got = rows(tmp_path, HEADER + "A1,佐藤,3\nA2,鈴木,x\nA3,高橋,4\nA4,田中,0\nA1,伊藤,5\n")
    assert got[0] == ["suimon_reason", "order_id", "氏名", "quantity"]
    assert [row[1:] for row in got[1:]] == [["A2", "鈴木", "x"], ["A4", "田中", "0"], ["A1", "伊藤", "5"]]
    assert got[1][0].startswith("line 3, record 2, quantity: is not a whole number")
    assert got[3][0] == "line 6, record 5, order_id: already appears in record 1"


def test_a_broken_record_keeps_its_cells_or_its_text(tmp_path: Path) -> None:
    got = rows(tmp_path, HEADER + 'A1,佐藤,3,4\nA2,鈴"木,2\nA3,高橋\nA4,田中,1\n')
    assert [row[1:] for row in got[1:]] == [["A1", "佐藤", "3", "4"], ['A2,鈴"木,2'], ["A3", "高橋"]]


def test_a_file_without_bad_records_has_none(tmp_path: Path) -> None:
    assert made(tmp_path, HEADER.encode() + b"A1,a,3\n") is None
    assert made(tmp_path, b"order_id,quantity\nA1,3\n") is None  # the header alone is wrong
    assert made(tmp_path, b"") is None


@pytest.mark.parametrize("encoding", get_args(Encoding))
def test_it_is_in_the_encoding_and_dialect_of_the_file(tmp_path: Path, encoding: Encoding) -> None:
    dialect = FileFormat(encoding=encoding, delimiter=";", quote="'", line_ending="crlf")
    contract = replace(CONTRACT, file=dialect)
    text = HEADER.replace(",", ";").replace("\n", "\r\n") + "A1;'佐''藤; ~';0\r\n"
    got = made(tmp_path, text.encode(encoding), contract)
    assert got is not None
    lines = got.decode(encoding).split("\r\n")
    assert lines[0] == "'suimon_reason';'order_id';'氏名';'quantity'"
    assert lines[1].endswith("'A1';'佐''藤; ~';'0'")
    assert lines[2] == ""


@pytest.mark.parametrize("compression", get_args(Compression))
def test_a_compressed_files_records_are_plain(tmp_path: Path, compression: Compression) -> None:
    import gzip  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    from backports import zstd  # noqa: PLC0415

    text, packed = (HEADER + "A1,a,0\n").encode(), io.BytesIO()
    if compression == "zip":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("f.csv", text)
    data = {"none": text, "gzip": gzip.compress(text), "zstd": zstd.compress(text), "zip": packed.getvalue()}
    got = made(tmp_path, data[compression], replace(CONTRACT, file=FileFormat(compression=compression)))
    assert got
    assert got.endswith(b'"A1","a","0"\n')


def test_a_dialect_without_quotes_or_header_has_neither(tmp_path: Path) -> None:
    contract = replace(CONTRACT, file=FileFormat(quote="", header=False, delimiter="\t"))
    got = made(tmp_path, b'A1\tsays "a"\t0\n', contract)
    assert got
    [reason, *cells] = got.decode().rstrip("\n").split("\t")
    assert cells == ["A1", 'says "a"', "0"]
    assert reason.startswith("line 1, record 1, column 3 (quantity)")


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd", "'+cmd"),
        ("-2+3", "'-2+3"),
        ("＝1", "'＝1"),
        (" =1", " '=1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ('"=1', "\"'=1"),
        ("-5", "-5"),
        ("+81.5", "+81.5"),
        ("a=b", "a=b"),
        ("2026-11-20", "2026-11-20"),
        ("\x1b[31m", "\\x1b[31m"),
    ],
)
def test_no_spreadsheet_runs_a_cell_and_no_terminal_obeys_it(tmp_path: Path, cell: str, harmless: str) -> None:
    written = cell.replace('"', '""')
    assert rows(tmp_path, HEADER + f'A1,"{written}",0\n')[1][2] == harmless


def test_a_stray_byte_is_seen(tmp_path: Path) -> None:
    for encoding, text in (("utf-8", "A1,a"), ("cp932", "A1,a")):
        contract = replace(CONTRACT, file=FileFormat(encoding=encoding))  # type: ignore[arg-type]
        got = made(tmp_path, HEADER.encode(encoding) + text.encode() + b"\xff,0\n", contract)
        assert got
        assert b'"a\\xff"' in got


def test_it_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 500)
    got = rows(tmp_path, HEADER + "".join(f"A{number},a,0\n" for number in range(100)))
    assert 2 < len(got) < 10
    assert got[-1] == [f"There are more bad records. These are the first {len(got) - 2}."]


def test_reading_for_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE_BYTES", 10)
    monkeypatch.setattr(module, "MOST_READ", 100)
    text = HEADER + "A1,a,0\n" + "".join(f"B{number},{'a' * 100},1\n" for number in range(60_000)) + "A2,a,0\n"
    got = rows(tmp_path, text)
    assert [row[1:] for row in got[1:]] == [["A1", "a", "0"], []]


@pytest.mark.parametrize("piece", [1, 7, 64, 4_000_000])
def test_records_are_found_by_the_numbers_of_the_check_however_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(module, "_PIECE_BYTES", piece)
    parts = ["{0},a,1", '{0},"a\nb",1', "{0},a", "{0},a,x", "", '{0},"a""b",0', '{0},a"b,1', "{0},a,1,2", "# {0}"]
    text = HEADER + "".join(parts[number * 7 % len(parts)].format(f"K{number}") + "\n" for number in range(200))
    contract = replace(CONTRACT, file=FileFormat(comment="#"), tolerance=Tolerance(max_rows=1))
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    verdict = check_file(path, contract, None, scratch=tmp_path)
    got = bad_records(LocalFile(path), contract, verdict)
    assert got
    found = list(csv.reader(io.StringIO(got.decode(), newline="")))[1:]
    assert len(found) == len({cell.record for cell in verdict.bad_cells if cell.record})
    for row in found:
        line = int(row[0].removeprefix("line ").partition(",")[0])
        written = text.split("\n")[line - 1]
        assert written.startswith(row[1].partition(",")[0]) or f"{row[1].partition(',')[0]}," in text


def test_it_cannot_be_sent_back_in_the_place_of_the_file(tmp_path: Path) -> None:
    for extra in ("ignore", "warn", "refuse"):
        for personal in (False, True):
            columns = (COLUMNS[0], replace(COLUMNS[1], personal=personal), COLUMNS[2])
            dialect = FileFormat(extra_columns=extra)
            contract = replace(CONTRACT, file=dialect, columns=columns)
            path = tmp_path / "mended.csv"
            path.write_text('"suimon_reason",' + HEADER + '"why","A1","a","1"\n', encoding="utf-8")
            verdict = check_file(path, contract, None, scratch=tmp_path)
            assert [str(cell.code) for cell in verdict.bad_cells] == ["extra-label"], (extra, personal)
            assert verdict.bad_cells[0].value == "suimon_reason"
    headerless = replace(CONTRACT, file=FileFormat(header=False, extra_columns="ignore"))
    path.write_text('"why","A1","a","1"\n', encoding="utf-8")
    assert not check_file(path, headerless, None, scratch=tmp_path).accepted


def test_personal_values_are_masked_and_the_others_stay_where_a_record_is_sound(tmp_path: Path) -> None:
    columns = (replace(COLUMNS[0], pattern="^A[0-9]+$"), replace(COLUMNS[1], personal=True), COLUMNS[2])
    contract = replace(CONTRACT, columns=columns)
    good = "".join(f"A{number},佐藤花,3\n" for number in range(12))
    got = rows(tmp_path, HEADER + good + "A77,鈴木花,0\nA78,,0\nA79,田中花,0,9\n", contract)
    assert [row[1:] for row in got[1:]] == [["A77", "***", "0"], ["***", "", "***"], ["***"] * 4]
    assert got[0] == ["suimon_reason", "order_id", "氏名", "quantity"]

"""Personal values in files of every broken kind: they stand in nothing that is written about the file, nor in a log."""

import gzip
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest

from suimon.check.decode import DecodeError
from suimon.check.engine import check_file
from suimon.check.set_aside import Aside
from suimon.check.source import LocalFile
from suimon.check.verdict import Verdict
from suimon.contract.file import ENCODINGS, Column, Condition, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import Contract
from suimon.report.as_json import as_json, cells_as_json_lines, describe, summary
from suimon.report.bad_records import bad_records
from suimon.report.page import page
from suimon.report.terminal import show

MARKERS = ("MRK7731", "印真香", "090-7731-0042", "mrk@secret.example", "Marker Person", "7731-00")
LIKE = {
    "MRK7731": "C00{:04}",
    "印真香": "山田花",
    "090-7731-0042": "080-1234-{:04}",
    "mrk@secret.example": "a{}@b.example",
    "Marker Person": "Anna Maria",
    "7731-00": "1234-{:02}",
}
COLUMNS = (
    Column("order_id", "string", required=True, unique=True, pattern="^ORD-[0-9]+$"),
    Column("order_date", "date", format="%Y-%m-%d"),
    Column("customer", "string", required=True, personal=True, pattern="^.{2,20}$", max_length=20),
    Column("kind", "string", allowed=("click", "view")),
    Column("quantity", "integer", bits=32, minimum="1"),
    Column("price", "decimal", precision=10, scale=2),
)
PLAIN = FileFormat()
NAMES = [column.name for column in COLUMNS]
CONTRACT = Contract(
    "orders",
    "1",
    "orders",
    file=PLAIN,
    columns=COLUMNS,
    primary_key=("order_id", "customer"),
    conditions=(Condition("kind", "t3 <> t2", ("customer", "kind"), "kind <> customer"),),
    metrics=(
        Metric("invalidValues", ("customer",), maximum="0", values=("nobody",)),
        Metric("duplicateValues", ("customer",), maximum="0"),
    ),
)


@dataclass(frozen=True)
class Broken:
    """A file that holds a personal value, and how its contract says that it is written."""

    name: str
    data: bytes
    format: FileFormat = PLAIN


def rows_of(marker: str, count: int) -> list[list[str]]:
    like = LIKE[marker]
    good = [[f"ORD-{number}", "2026-11-20", like.format(number), "click", "3", "1.50"] for number in range(count)]
    return [*good, ["ORD-77", "2026-11-20", marker, "click", "3", "1.50"]]


def text_of(rows: list[list[str]], delimiter: str = ",", header: list[str] | None = None) -> str:
    lines = [header if header is not None else NAMES, *rows]
    return "".join(delimiter.join(line) + "\n" for line in lines if line)


def moved(row: list[str], to: int) -> list[str]:
    rest = [*row[:2], *row[3:]]
    return [*rest[:to], row[2], *rest[to:]]


def dialects(rows: list[list[str]]) -> Iterator[Broken]:
    """Yield files in another dialect than the contract's."""
    for delimiter in ";\t|":
        yield Broken(f"delimiter {delimiter!r}", text_of(rows, delimiter).encode())
        headerless = replace(PLAIN, header=False)
        yield Broken(f"delimiter {delimiter!r}, no header", text_of(rows, delimiter, []).encode(), headerless)
        yield Broken(
            f"only the records with {delimiter!r}", (",".join(NAMES) + "\n" + text_of(rows, delimiter, [])).encode()
        )
    yield Broken("no header", text_of(rows, header=[]).encode())
    yield Broken("a header where none is declared", text_of(rows).encode(), replace(PLAIN, header=False))
    yield Broken("quotes of another kind", text_of([[f"'{cell}'" for cell in row] for row in rows]).encode())
    yield Broken(
        "single quotes declared",
        text_of([[f'"{cell}"' for cell in row] for row in rows]).encode(),
        replace(PLAIN, quote="'"),
    )
    yield Broken("carriage returns", text_of(rows).replace("\n", "\r").encode())
    yield Broken("CRLF refused", text_of(rows).replace("\n", "\r\n").encode(), replace(PLAIN, line_ending="lf"))
    yield Broken("lines to skip", text_of(rows).encode(), replace(PLAIN, skip_lines=2))
    yield Broken("comments of the value's first character", text_of(rows).encode(), replace(PLAIN, comment="O"))


def encodings(rows: list[list[str]]) -> Iterator[Broken]:
    """Yield files in another encoding than the contract's."""
    text = text_of(rows)
    every = (*ENCODINGS, "utf-16-le", "utf-16-be", "euc-kr", "gb18030", "big5")
    for written, declared in product(every, ENCODINGS):
        if written != declared:
            data = text.encode(written, "replace")
            yield Broken(f"{written} as {declared}", data, replace(PLAIN, encoding=declared))
    stained = text.encode().replace(b"click", b"cl\xffick")
    yield Broken("stray bytes beside", stained)
    yield Broken("a CP932 line at the end", text.encode() + ",".join(rows[-1]).encode("cp932", "replace") + b"\n")


def shapes(rows: list[list[str]], marker: str) -> Iterator[Broken]:
    """Yield files whose records or header are of another shape."""
    last = rows[-1]
    for to in (0, 1, 3, 4, 5):
        yield Broken(f"column moved to {to}", text_of([moved(row, to) for row in rows]).encode())
        yield Broken(f"one record's moved to {to}", text_of([*rows[:-1], moved(last, to)]).encode())
        names = [*NAMES[:to], marker, *NAMES[to + 1 :]]
        yield Broken(f"a label {to}", text_of(rows, header=names).encode())
        yield Broken(
            f"a label in quotes {to}", text_of(rows, header=[*NAMES[:to], f'"{marker}"', *NAMES[to + 1 :]]).encode()
        )
        opened = [*last[:to], '"' + last[to], *last[to + 1 :]]
        yield Broken(f"an open quote before {to}", text_of([*rows[:-1], opened, *rows[:3]]).encode())
        yield Broken(
            f"closed again after {to}", text_of([*rows[:-1], [*opened[:-1], opened[-1] + '"'], *rows[:3]]).encode()
        )
        inside = [*last[:to], f'{last[to]}"{marker}"', *last[to + 1 :]]
        yield Broken(f"in quotes within {to}", text_of([*rows[:-1], inside]).encode())
        long = [*last[:to], f"{marker}{last[to] * 2_000}", *last[to + 1 :]]
        yield Broken(f"before a long text in {to}", text_of([*rows[:-1], long]).encode())
        for mark in ("\0", "\x1b", "\u202e", "\ufeff", "\u200b"):
            dirty = [*last[:to], f"{marker}{mark}", *last[to + 1 :]]
            yield Broken(f"with {ord(mark):04x} in {to}", text_of([*rows[:-1], dirty]).encode())
    yield Broken("the first record joined to the header", (",".join(NAMES) + "," + text_of(rows, header=[])).encode())
    yield Broken("the header again among the records", text_of([*rows, NAMES, last]).encode())
    yield Broken("files joined by a mark", (text_of(rows) + "\ufeff" + text_of(rows)).encode())
    yield Broken("the header upside down", text_of(rows, header=NAMES[::-1]).encode())
    yield Broken("an open quote to the end", (text_of(rows) + f'"{marker}').encode())
    yield Broken("no end of a line", (text_of(rows) + marker + "x" * 2_200_000).encode())
    yield Broken("a label of a record", text_of(rows, header=last).encode())
    yield Broken("the key twice", text_of([*rows, last, last]).encode())
    yield Broken("half a record at the end", text_of(rows).encode()[:-12])


def ends(rows: list[list[str]], marker: str) -> Iterator[Broken]:
    """Yield files with control totals or containers that hold the value."""
    totals = replace(PLAIN, trailer=Trailer("T", count=2, sums=(("quantity", 3), ("price", 4))))
    text = text_of(rows)
    for trailer in (
        f"T,{marker},3,1\n",
        f"T,1,{marker},{marker}\n",
        f'T,"{marker}\n',
        f"T,{marker}",
        f"{marker},1,2,3\n",
        f"T,1,{marker}\n",
    ):
        yield Broken(f"trailer {trailer.replace(marker, '…')!r}", (text + trailer).encode(), totals)
    packed = io.BytesIO()
    with gzip.GzipFile(f"{marker}.csv", "wb", fileobj=packed, mtime=0) as file:
        file.write(text.encode())
    data = packed.getvalue()
    zipped = replace(PLAIN, compression="gzip")
    yield Broken("gzip cut off", data[:-10], zipped)
    yield Broken("gzip damaged", data[:-4] + b"0000", zipped)
    yield Broken("text behind gzip", data + marker.encode(), zipped)
    yield Broken("no gzip", text.encode(), zipped)
    yield Broken("undeclared gzip", data)
    for names in ([f"{marker}.csv", "b.csv"], [f"{marker}/../../x.csv"], [f"{marker}.xlsx", "[Content_Types].xml"]):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name in names:
                archive.writestr(name, text)
        yield Broken(f"zip of {len(names)} {names[0][-5:]}", made.getvalue(), replace(PLAIN, compression="zip"))
        yield Broken(f"undeclared zip of {len(names)} {names[0][-5:]}", made.getvalue())


def kinds(marker: str, count: int) -> list[Broken]:
    rows = rows_of(marker, count)
    return [*dialects(rows), *encodings(rows), *shapes(rows, marker), *ends(rows, marker)]


def said(path: Path, verdict: Verdict, contract: Contract) -> str:
    """Return all that is written about a file: the page, JSON, its bad records, what e-mails and consoles say."""
    about = {"file": "f.csv", "dataset": "orders"}
    parts = [page(verdict, contract, about, lang) for lang in ("en", "ja")]
    parts += [describe(verdict, 100, lang) + cells_as_json_lines(verdict, lang) for lang in ("en", "ja")]
    with suppress(DecodeError):  # it has no records then
        records = bad_records(LocalFile(path), contract, verdict) or b""
        parts.append(records.decode((contract.file or PLAIN).encoding))
    return "".join(parts) + as_json(summary(verdict)) + json.dumps([str(verdict.cause)], ensure_ascii=False)


@pytest.fixture
def leaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[Broken], str, Contract], list[str]]:
    """Check files; return the names of those whose personal value came out somewhere."""
    caplog.set_level(logging.DEBUG)
    path, aside = tmp_path / "f.csv", Aside(tmp_path / "good", tmp_path / "bad")

    def run(files: list[Broken], marker: str, contract: Contract) -> list[str]:
        found = list[str]()
        for one in files:
            caplog.clear()
            path.write_bytes(one.data)
            held = replace(contract, file=one.format)
            error = ""
            try:
                verdict = check_file(path, held, "2026-11-20", scratch=tmp_path, aside=aside)
            except Exception as raised:  # noqa: BLE001 whatever it is, it says nothing of the file
                error = f"{raised!r} {raised.__cause__!r}"
            else:
                show("f.csv", held, verdict, limit=100)
                error = said(path, verdict, held)
            words = error + caplog.text + "".join(capsys.readouterr())
            if marker in words.replace("\n", "") or marker.encode("unicode_escape").decode() in words:
                found.append(one.name)
        return found

    return run


TOLERANT = replace(CONTRACT, conditions=(), tolerance=Tolerance(max_percent="60"))
HARDEST, OTHERS = ("Marker Person", "7731-00"), ("MRK7731", "印真香", "090-7731-0042", "mrk@secret.example")


@pytest.mark.parametrize("marker", HARDEST)
def test_no_fault_of_a_file_has_a_personal_value_written_down(
    leaks: Callable[[list[Broken], str, Contract], list[str]], marker: str
) -> None:
    assert leaks(kinds(marker, 12), marker, CONTRACT) == []


def test_nor_where_bad_records_are_set_aside(leaks: Callable[[list[Broken], str, Contract], list[str]]) -> None:
    assert leaks(kinds("MRK7731", 12), "MRK7731", TOLERANT) == []


@pytest.mark.long
@pytest.mark.parametrize("contract", [CONTRACT, TOLERANT], ids=["strict", "tolerant"])
@pytest.mark.parametrize("count", [0, 2, 12, 1_200])
@pytest.mark.parametrize("marker", [*HARDEST, *OTHERS])
def test_nor_any_form_of_value_in_short_and_long_files(
    leaks: Callable[[list[Broken], str, Contract], list[str]], marker: str, count: int, contract: Contract
) -> None:
    assert leaks(kinds(marker, count), marker, contract) == []


@pytest.mark.long
def test_what_is_not_personal_is_found_by_the_same_look(
    leaks: Callable[[list[Broken], str, Contract], list[str]],
) -> None:
    """A look that finds nothing anywhere proves nothing."""
    open_ = replace(CONTRACT, columns=tuple(replace(column, personal=False) for column in COLUMNS))
    assert len(leaks(kinds("MRK7731", 12), "MRK7731", open_)) > 30

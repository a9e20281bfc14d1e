"""What others take to read the same file, checking nothing: DuckDB's reader alone, and Python's."""

import csv
import json
import sys
import time
from pathlib import Path

import duckdb

from bench.hostile.kind import Kind
from bench.hostile.kinds import KINDS

_LONGEST = 2_000_000  # what a record may take of ours


def main(name: str, path: str, reader: str) -> None:
    """Read a file of a kind by `read_csv` or `csv.reader`; print CPU seconds, and records or why there are none."""
    (kind,) = [kind for kind in KINDS if kind.name == name]
    spent = time.process_time()
    found: dict[str, int | str]
    try:
        found = {"records": _READERS[reader](kind, Path(path))}
    except (duckdb.Error, csv.Error, UnicodeError) as error:
        found = {"error": type(error).__name__}
    sys.stdout.write(json.dumps({**found, "cpu": time.process_time() - spent}))


def _by_duckdb(kind: Kind, path: Path) -> int:
    """Read each cell as text, on two threads; nothing is guessed, which of a wide file takes six times as long.

    `count(COLUMNS(*))` makes it read all of them.
    """
    labels = kind.header.decode(kind.dialect.encoding).strip("\r\n").split(kind.dialect.delimiter)
    with duckdb.connect(config={"threads": 2}) as connection:
        sheet = connection.read_csv(
            str(path),
            header=True,
            auto_detect=False,
            columns=dict.fromkeys(labels, "VARCHAR"),
            delimiter=kind.dialect.delimiter,
            quotechar=kind.dialect.quote,
            escapechar=kind.dialect.quote,
            max_line_size=_LONGEST,
        )
        ((records, *_),) = sheet.aggregate("count(*), count(COLUMNS(*))").fetchall()
        return int(records)


def _by_python(kind: Kind, path: Path) -> int:
    csv.field_size_limit(_LONGEST)
    with path.open(encoding=kind.dialect.encoding, newline="") as file:
        records = csv.reader(file, delimiter=kind.dialect.delimiter, quotechar=kind.dialect.quote, strict=True)
        return sum(1 for _ in records) - 1


_READERS = {"read_csv": _by_duckdb, "csv.reader": _by_python}


if __name__ == "__main__":
    main(*sys.argv[1:])

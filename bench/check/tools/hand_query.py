"""The query somebody who knows DuckDB and this one file would write: the yardstick. It counts, it names no places."""

import json
from pathlib import Path

import duckdb

from bench.check.found import Found
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract

DISTRIBUTION = "duckdb"


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Run the dataset's query, which gives the rows and then a count for each column and rule."""
    dialect = contract.file or FileFormat()
    with duckdb.connect() as duck:
        duck.execute("SET VARIABLE partition = ?", [partition])
        file = duck.read_csv(
            str(path),
            columns={column.name: "VARCHAR" for column in contract.columns},
            header=True,
            sep=",",
            quotechar='"',
            escapechar='"',
            auto_detect=False,
            encoding=dialect.encoding,
        )
        file.create_view("file")
        query = Path(__file__).with_name(f"hand_{contract.dataset}.sql").read_text(encoding="utf-8")
        rows, counts = duck.sql(query).fetchall()[0]
    broken = [(code, column, cells) for column, code, cells in json.loads(counts) if cells]
    return Found(accepted=not broken, rows=rows, counts=broken)

"""The files to check, made by DuckDB from a seed, and what a checker should find in them."""

import gzip
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

SEED = 20261120
PARTITION = "2026-11-20"
Faults = Literal["none", "cells", "structure"]
Dataset = Literal["sales", "inventory", "keys"]
Place = tuple[int, str | None]  # record from 1; column, or none for a fault of structure
Rule = tuple[str, str | None]  # error code, column

_HERE = Path(__file__).parent
_LABELS = {
    "sales": "order_id,order_date,customer_id,product_name,quantity,unit_price,amount",
    "inventory": "sku,warehouse,item_name,quantity,updated_at",
    "keys": "key,quantity",
}
_CHUNK = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """A file to check. `faults` stand in one record of each hundred."""

    dataset: Dataset
    rows: int
    faults: Faults = "none"
    encoding: str = "utf-8"
    compression: Literal["none", "gzip"] = "none"

    @property
    def name(self) -> str:
        """The file's name, which says what is in it."""
        suffix = ".csv.gz" if self.compression == "gzip" else ".csv"
        return f"{self.dataset}-{self.rows}-{self.faults}-{self.encoding}{suffix}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault that a file has: the rule it breaks, and an example."""

    name: str
    column: str | None
    code: str
    example: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is wrong in a file: which kinds of fault, each bad cell, and how many break each rule."""

    faults: tuple[Fault, ...] = ()
    cells: dict[Place, Fault] = field(default_factory=dict)
    counts: Counter[Rule] = field(default_factory=Counter)


def make(sample: Sample, folder: Path) -> Path:
    """Write a sample's file into a folder; give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / sample.name
    plain = path.with_suffix(".plain")
    _write_lines(sample, plain)
    if (sample.encoding, sample.compression) == ("utf-8", "none"):
        return plain.replace(path)
    _transcode(plain, path, sample)
    plain.unlink()
    return path


def text_size(path: Path) -> int:
    """Return the bytes of a file's text; of a compressed one, under 4 GiB, what its end tells."""
    if path.suffix != ".gz":
        return path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(-4, 2)
        return int.from_bytes(stream.read(), "little")


def truth(sample: Sample) -> Truth:
    """Return what a checker should find in a sample's file."""
    if sample.faults == "none":
        return Truth()
    with _described(sample) as duck:
        faults = {row[0]: Fault(*row) for row in duck.execute("SELECT * FROM faults").fetchall()}
        found = duck.execute("SELECT record, fault FROM sales WHERE fault IS NOT NULL").fetchall()
    placed = [(record, faults[name]) for record, name in found]
    return Truth(
        faults=tuple(fault for name, fault in faults.items() if name.startswith(sample.faults)),
        cells={(record, fault.column): fault for record, fault in placed},
        counts=Counter((fault.code, fault.column) for _, fault in placed),
    )


def _described(sample: Sample) -> duckdb.DuckDBPyConnection:
    duck = duckdb.connect()
    for name, value in (("rows", sample.rows), ("seed", SEED), ("faults", sample.faults)):
        duck.execute(f"SET VARIABLE {name} = ?", [value])
    duck.execute(_sql(sample.dataset))
    return duck


def _sql(dataset: Dataset) -> str:
    return (_HERE / f"{dataset}.sql").read_text(encoding="utf-8")


def _write_lines(sample: Sample, path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write(_LABELS[sample.dataset] + "\n")
    body = path.with_suffix(".body")
    with _described(sample) as duck:
        # Lines come ready: with neither quote nor a delimiter that occurs, DuckDB writes them as they are.
        duck.sql(f"SELECT line FROM {sample.dataset}").write_csv(  # noqa: S608 - one of two names
            str(body), header=False, sep="\x01", quotechar="", escapechar=""
        )
    with path.open("ab") as stream, body.open("rb") as lines:
        shutil.copyfileobj(lines, stream, _CHUNK)
    body.unlink()


def _transcode(source: Path, target: Path, sample: Sample) -> None:
    with gzip.open(target, "wb", compresslevel=6) if sample.compression == "gzip" else target.open("wb") as stream:
        stream.writelines(_chunks(source, sample.encoding))


def _chunks(source: Path, encoding: str) -> Iterator[bytes]:
    with source.open(encoding="utf-8", newline="") as text:
        while part := text.read(_CHUNK):
            yield part.encode(encoding)

"""Small contracts that between them use every part of the reader. The first byte of a fuzzed file chooses one.

A letter keeps its contract, or the files in `regressions` would come to mean something else.
"""

from collections.abc import Mapping
from typing import Any

from suimon.contract.file import Column, Condition, FileFormat, Metric, Tolerance, Trailer
from suimon.contract.model import Contract
from tests.unit.check.oracle_verdict import Holds

ABC = (Column("a", "string"), Column("b", "string"), Column("c", "integer", bits=32, minimum="0"))
PARTITION = "2026-11-20"


def contract(*columns: Column, **dialect: Any) -> Contract:
    return Contract("x", "1", "x", file=FileFormat(**dialect), columns=columns or ABC)


KEYS = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(null_tokens=("", "-")),
    columns=(
        Column("id", "integer", bits=64, unique=True, required=True),
        Column("day", "date", format="%Y-%m-%d", partition="ds"),
        Column("name", "string", personal=True, max_length=5),
        Column("price", "decimal", precision=9, scale=2, maximum="1000"),
    ),
    primary_key=("day", "name"),
    conditions=(Condition("cheap", "t3 < 500 OR t0 > 5", ("price", "id"), "price < 500 or id > 5"),),
    metrics=(
        Metric("rowCount", minimum="1"),
        Metric("nullValues", ("price",), maximum="50", unit="percent"),
        Metric("duplicateValues", ("name",), maximum="2", severity="warning"),
    ),
    tolerance=Tolerance(max_rows=2, max_percent="60"),
)
TYPES = contract(
    Column("日", "timestamp", label="day, time", format="%d.%m.%Y %H:%M:%S.%f", maximum="2030-01-01T00:00:00"),
    Column("at", "timestamp", format="%Y-%m-%dT%H:%M:%S.%g%z", partition="ds"),
    Column("paid", "boolean", true_words=("yes", "1"), false_words=("no", "0")),
    Column("sum", "decimal", precision=38, scale=10, minimum="-1.5"),
    Column("code", "string", pattern="^[A-Z]{2}[0-9]+$", min_length=2, personal=True),
    Column("colour", "string", allowed=("red", "水"), required=True),
    delimiter=";",
    decimal=",",
    quote="'",
    escape="'",
    skip_lines=1,
    null_tokens=("NULL",),
    header_case="ignore",
)
CONTRACTS: Mapping[str, Contract] = {
    "a": contract(),
    "b": contract(escape="\\"),
    "c": contract(comment="#", escape="\\", trailer=Trailer("T", count=2)),
    "e": contract(encoding="euc-jp"),
    "f": contract(line_ending="lf", comment="//"),
    "g": contract(compression="gzip"),
    "i": contract(compression="zip", encoding="cp932"),
    "k": KEYS,
    "n": contract(header=False, delimiter="\t"),
    "o": contract(Column("a", "string", required=True)),
    "p": contract(encoding="cp932"),
    "q": contract(quote="", escape=""),
    "r": contract(line_ending="crlf"),
    "s": contract(encoding="shift_jis"),
    "t": contract(trailer=Trailer("T", count=2, sums=(("c", 3),))),
    "u": contract(encoding="utf-16"),
    "w": contract(encoding="utf-8-sig", escape="\\", line_ending="crlf"),
    "x": contract(header_order="free", header_case="ignore", extra_columns="ignore"),
    "y": TYPES,
    "z": contract(compression="zstd"),
}


def _cheap(price: Any, number: Any) -> bool | None:
    """As SQL has it: true if one side is, else unknown if one side is."""
    sides = (None if price is None else price < 500, None if number is None else number > 5)
    return True if True in sides else None if None in sides else False


HOLDS: Mapping[str, Holds] = {"cheap": _cheap}

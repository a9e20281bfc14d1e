"""Contracts and files drawn for them: sound ones, ones with faults put in, and hostile bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from hypothesis import strategies as st

from suimon.contract.file import Column, Condition, FileFormat, Tolerance, Trailer
from suimon.contract.model import Contract
from tests.unit.check.kinds import COLUMN_METRICS, CONDITIONS, KINDS, METRICS, ODD, PARTITION, Kind
from tests.unit.check.oracle_verdict import Holds
from tests.unit.check.writer import Draw, Writer, packed_as, spoiled

LABELS = ("id", "注文日", "Größe", "a b", "x,y", 'say "so"', "N", "price")


@dataclass(frozen=True)
class Case:
    """A contract and a file for it."""

    contract: Contract
    contents: bytes
    partition: str | None
    conditions: Mapping[str, Holds]

    def __repr__(self) -> str:
        told = {"file", "columns", "primary_key", "conditions", "metrics", "tolerance"}
        clauses = {name: getattr(self.contract, name) for name in told}
        unlike = {name: _unlike_usual(value) for name, value in clauses.items() if value}
        return f"Case({self.contents!r}, {self.partition!r}, {unlike})"

    def _repr_pretty_(self, printer: Any, cycle: object) -> None:
        del cycle
        printer.text(repr(self))


def _unlike_usual(clause: Any) -> Any:
    """Return a clause as short as it goes, for people who look at a failing example."""
    if isinstance(clause, tuple):
        return [_unlike_usual(one) for one in clause]
    if not is_dataclass(clause):
        return clause
    return {field.name: value for field in fields(clause) if (value := getattr(clause, field.name)) != field.default}


def pick(draw: Draw, likely: Any, *others: Any, odds: int = 3) -> Any:
    """Draw the likely one `odds` times of `odds + 1`."""
    return draw(st.sampled_from(others)) if sometimes(draw, odds) else likely


def sometimes(draw: Draw, odds: int = 3) -> bool:
    """Draw true once in `odds + 1`."""
    return draw(st.integers(0, odds)) == odds


@st.composite
def dialects(draw: Draw) -> FileFormat:
    """Draw a dialect; most differ little from the usual one."""
    quote = pick(draw, '"', "'", "", odds=5)
    delimiter = pick(draw, ",", "\t", ";", "|")
    return FileFormat(
        encoding=pick(draw, "utf-8", "utf-8-sig", "utf-16", "cp932", "shift_jis", "euc-jp"),
        delimiter=delimiter,
        quote=quote,
        escape=pick(draw, quote, "\\") if quote else "",
        line_ending=pick(draw, "any", "lf", "crlf"),
        header=not sometimes(draw, 5),
        header_order=pick(draw, "fixed", "free"),
        header_case=pick(draw, "exact", "ignore"),
        extra_columns=pick(draw, "refuse", "ignore", "warn"),
        null_tokens=pick(draw, ("",), (), ("", "NULL", "\\N"), ("-",)),
        decimal="." if not quote and delimiter == "," else pick(draw, ".", ","),
        skip_lines=pick(draw, 0, 1, 3, odds=5),
        comment=pick(draw, None, "#", "//", odds=5),
        compression=pick(draw, "none", "gzip", "zstd", "zip", odds=7),
        max_ratio=1000,
    )


@st.composite
def contracts(draw: Draw) -> tuple[Contract, tuple[Kind, ...], Mapping[str, Holds]]:
    """Draw a contract, the kinds of its columns, and its conditions in Python."""
    kinds = tuple(draw(st.sampled_from(KINDS)) for _ in range(draw(st.sampled_from((1, 2, 3, 3, 4, 5)))))
    dialect = draw(dialects())
    if any(kind.column.thousands == dialect.decimal for kind in kinds):
        dialect = replace(dialect, decimal=".")  # such a contract is refused
    labels = [label for label in LABELS if _writes(dialect, label)]
    partitioned = False
    columns: list[Column] = []
    for number, kind in enumerate(kinds):
        column = replace(
            kind.column,
            name=f"c{number}",
            label=pick(draw, None, labels[number]),
            required=sometimes(draw),
            unique=sometimes(draw, 5),
            personal=sometimes(draw),
            partition=None if partitioned else kind.column.partition,
        )
        partitioned = partitioned or column.partition is not None
        columns.append(column)
    names = [column.name for column in columns]
    key = draw(st.permutations(names))[: draw(st.integers(1, 2))] if sometimes(draw, 4) else []
    conditions, holds = _conditions(draw, columns)
    metrics = [draw(st.sampled_from(METRICS))] if draw(st.booleans()) else []
    if sometimes(draw):
        metrics.append(draw(st.sampled_from(COLUMN_METRICS))(draw(st.sampled_from(names))))
    if sometimes(draw, 5):
        sums = [column.name for column in columns if column.type in {"integer", "decimal"}][:1]
        dialect = replace(dialect, trailer=Trailer("T", 2, tuple((name, 3) for name in sums)))
    tolerances = (Tolerance(max_rows=2), Tolerance(max_percent="40"), Tolerance(max_rows=3, max_percent="12.5"))
    contract = Contract(
        "x",
        "1",
        "x",
        file=dialect,
        columns=tuple(columns),
        primary_key=tuple(key),
        conditions=conditions,
        metrics=tuple(metrics),
        tolerance=pick(draw, None, *tolerances),
    )
    return replace(contract, columns=_some_may_be_absent(draw, contract)), kinds, holds


def _some_may_be_absent(draw: Draw, contract: Contract) -> tuple[Column, ...]:
    """Return the columns, some marked as ones that may be absent, as far as no other rule needs them."""
    dialect = contract.file
    if dialect is None or not dialect.header or dialect.extra_columns == "ignore":
        return contract.columns
    needed = {*contract.primary_key, *(name for name, _ in (dialect.trailer.sums if dialect.trailer else ()))}
    needed |= {name for condition in contract.conditions for name in condition.columns}
    needed |= {name for metric in contract.metrics for name in metric.columns}
    return tuple(
        replace(one, may_be_absent=sometimes(draw))
        if not (one.required or one.partition or one.name in needed)
        else one
        for one in contract.columns
    )


def _writes(dialect: FileFormat, label: str) -> bool:
    """Return whether a dialect can write a label."""
    if not dialect.quote and set(label) & {dialect.delimiter, '"'}:
        return False
    return label.encode(dialect.encoding, "replace").decode(dialect.encoding) == label


def _conditions(draw: Draw, columns: list[Column]) -> tuple[tuple[Condition, ...], Mapping[str, Holds]]:
    if draw(st.integers(0, 2)):
        return (), {}
    made, holds = [], {}
    for number, (types, sql, python) in enumerate(CONDITIONS):
        named = [{column.type, f"{column.type} of {column.bits} bits"} for column in columns]
        places = [place for place, names in enumerate(named) if types[0] in names][: len(types)]
        if len(places) == len(types):
            name = f"condition {number}"
            reads = tuple(columns[place].name for place in places)
            made.append(Condition(name, sql.format(*places), reads, sql))
            holds[name] = python
    return tuple(made), holds


@st.composite
def cases(draw: Draw, *, faults: bool = True) -> Case:
    """Draw a contract and a file for it, sound unless `faults`: then in its cells, its records, its bytes."""
    contract, kinds, holds = draw(contracts())
    dialect = contract.file
    assert dialect is not None
    odds = draw(st.sampled_from((0, 0, 1, 3))) if faults else 0
    rows = draw(st.integers(0 if faults else 1, 12))
    table = [[_cell(draw, kind, dialect, odds, row) for kind in kinds] for row in range(rows)]
    text = Writer(draw, contract, dialect, faults=faults).text(table)
    lax = "surrogatepass" if dialect.encoding.startswith("utf") else "replace"
    encoded = text.encode(dialect.encoding, lax)
    if faults and sometimes(draw, 4):
        encoded = spoiled(draw, encoded)
    packed = packed_as(dialect, encoded)
    if faults and dialect.compression != "none" and sometimes(draw):
        packed = spoiled(draw, packed)
    return Case(contract, packed, PARTITION if draw(st.booleans()) else None, holds)


def _cell(draw: Draw, kind: Kind, dialect: FileFormat, odds: int, row: int) -> str:
    """Draw a cell as a value; one in ten is odd for each of `odds`."""
    if odds and draw(st.integers(1, 10)) <= odds:
        texts = (*kind.odd, *ODD)
        return draw(st.sampled_from(texts)) if draw(st.integers(0, 4)) else draw(st.text(max_size=6))
    good = kind.good[row % len(kind.good)] if draw(st.booleans()) else draw(st.sampled_from(kind.good))
    return good.replace(".", dialect.decimal) if kind.column.type == "decimal" else good


PLAIN = (Column("a", "string"), Column("b", "integer", bits=32))
_TOKENS = (
    "a",
    "b",
    "1",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\r",
    '"',
    '"',
    '""',
    "\\",
    " ",
    "\0",
    "水",
    "#",
    "T",
    "a,b\n",
    "1,2\n",
)


@st.composite
def hostile(draw: Draw) -> Case:
    """Draw text of little but structure, or bytes of no sense at all, under a plain contract."""
    dialect = FileFormat(
        quote=draw(st.sampled_from(('"', '"', ""))),
        escape=draw(st.sampled_from(('"', '"', "\\"))),
        line_ending=draw(st.sampled_from(("any", "lf", "crlf"))),
        header=draw(st.booleans()),
        comment=draw(st.sampled_from((None, "#"))),
        trailer=draw(st.sampled_from((None, None, None, Trailer("T", 2)))),
    )
    contract = Contract("x", "1", "x", file=dialect, columns=PLAIN[: draw(st.integers(1, 2))])
    start = b"a,b\n"[: 1 + 2 * len(contract.columns)].replace(b",\n", b"\n") if draw(st.booleans()) else b""
    tokens = st.lists(st.sampled_from(_TOKENS), max_size=60).map(lambda texts: "".join(texts).encode())
    body = draw(st.one_of(tokens, tokens, tokens, st.binary(max_size=80)))
    return Case(contract, start + body, None, {})

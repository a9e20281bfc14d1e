"""The rows that the table must hold of a readable file, by the contract alone: what Glue and Redshift have to match.

It reads what the gate accepts and checks nothing; a golden case is held against it, and a proposal is written by it.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from suimon.contract.partition import partition_of
from suimon.warehouse.describe import table_columns, written_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.contract.file import Column, FileFormat
    from suimon.contract.model import Contract

NULL = "NULL"
_MOST_CHARACTERS = 2**27  # of one cell
_EXACT = Context(prec=40)  # more than the 38 digits of a DECIMAL


def records_of(text: str, form: FileFormat) -> list[list[str]]:
    """Return the records of a readable file as cells, the header's among them."""
    lines = text.split("\n", form.skip_lines)[-1]
    if form.comment:
        lines = "".join(line for line in lines.splitlines(keepends=True) if not line.startswith(form.comment))
    csv.field_size_limit(_MOST_CHARACTERS)  # the process has one, which others set, too
    reader = csv.reader(
        io.StringIO(lines, newline=""),
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        doublequote=form.escape == form.quote,
        escapechar=form.escape if form.quote and form.escape != form.quote else None,
    )
    records = [record for record in reader if record]
    marker = form.trailer.marker if form.trailer else None
    return [record for record in records if record[0] != marker]


def rows_of(text: str, contract: Contract, day: str) -> list[str]:
    """Return the rows of a readable file of that partition, a line each; ValueError if a cell is not its type."""
    names = [column.name for column in table_columns(contract)]
    contract = contract.at(day)
    form = contract.file
    assert form  # noqa: S101 - a contract with a key pattern has a dialect
    records = records_of(text, form)
    labels = _labels(records.pop(0), form) if form.header and records else None
    places = {column.name: _place(number, column, labels, form) for number, column in enumerate(contract.columns)}
    columns = {column.name: column for column in contract.columns}
    bound = {"partition": day} | partition_of(day).values
    beside = [bound[one.parameter] for one in written_beside(contract)]
    return sorted(
        "|".join(
            [
                *(
                    _written(_cell(record, places[name]), columns[name], form) if name in columns else NULL
                    for name in names
                ),
                *beside,
            ]
        )
        for record in records
    )


def _labels(header: Sequence[str], form: FileFormat) -> list[str]:
    return [label.lower() if form.header_case == "ignore" else label for label in header]


def _place(number: int, column: Column, labels: Sequence[str] | None, form: FileFormat) -> int | None:
    if labels is None:
        return number
    label = column.label or column.name
    wanted = label.lower() if form.header_case == "ignore" else label
    return labels.index(wanted) if wanted in labels else None


def _cell(record: Sequence[str], place: int | None) -> str | None:
    return record[place] if place is not None and place < len(record) else None


def _written(cell: str | None, column: Column, form: FileFormat) -> str:
    r"""Return a value as the table writes it: NULL for none, \\n for a line break."""
    otherwise = column.form(form.decimal)
    if otherwise and cell is not None and cell not in form.null_tokens:
        cell = otherwise.plain(cell)
    if cell is None or cell in form.null_tokens:
        return NULL
    match column.type:
        case "integer":
            return str(int(cell))
        case "decimal":
            exact = Decimal(cell.replace(form.decimal, "."))
            return f"{exact.quantize(Decimal(1).scaleb(-(column.scale or 0)), context=_EXACT):f}"
        case "boolean":
            return str(cell in (column.true_words or ("true",)))
        case "date" | "timestamp":
            return _moment(cell, column)
        case _:
            return cell.replace("\r\n", "\n").replace("\n", "\\n")


def _moment(cell: str, column: Column) -> str:
    form = (column.plain_format or "%Y-%m-%d").replace("%g", "%f")
    moment = datetime.strptime(cell, form)  # noqa: DTZ007 - a zone is in it, or the table has none
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if column.type == "date":
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat(" ").rstrip("0").rstrip(".") if moment.microsecond else moment.isoformat(" ")

"""A first golden case from records of a sample, without a value of a column that looks personal.

Such a value may stand in another column, too, where a record is shifted. So with a personal column only records are
taken whose personal cells are of forms that stand there often, and a text of another column is shown only if several
records have it. What is an e-mail address or a telephone number is shown nowhere, nor is what a terminal obeys.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from suimon.check.masking import form_of
from suimon.dataset.golden import BAD, ROWS, VERDICT, judged, verdict_lines
from suimon.dataset.proposal.personal import is_personal
from suimon.dataset.table_rows import rows_of
from suimon.drops.foreign_text import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.contract.file import Column, FileFormat
    from suimon.contract.model import Contract
    from suimon.dataset.proposal.layout import Layout

RECORDS = 5
_SEVERAL = 3
_WRONG = "not-a-value"


def golden_files(contract: Contract, layout: Layout, day: str) -> dict[str, str]:
    """Return the files of a golden case, by their path in the dataset's folder."""
    form = contract.file
    assert form  # noqa: S101 - a contract with a key pattern has a dialect
    rows = [_masked(row, number, contract, form) for number, row in enumerate(_chosen(layout.rows, contract), 1)]
    good = _text(rows, layout.labels, form)
    bad = _text(_broken(rows, contract), layout.labels, form)
    with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
        verdict = judged(bad, contract, day, Path(scratch))
    ending = ".tsv" if form.delimiter == "\t" else ".csv"
    texts = {ending: good, BAD + ending: bad}
    texts |= {ROWS: _lines(rows_of(good, contract, day)), VERDICT: _lines(verdict_lines(verdict))}
    return {f"golden/{day.replace('/', ',')}{name}": text for name, text in texts.items()}


# January 2000 by the directives that strftime does not have.
_YEAR_2000 = {"%E": "平成", "%e": "H", "%-n": "12", "%n": "12", "%y": "00", "%-m": "1", "%-d": "{}"}


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _chosen(rows: Sequence[list[str]], contract: Contract) -> list[list[str | None]]:
    """Return the first records that may be shown, with None for each cell that may not."""
    personal = [place for place, column in enumerate(contract.columns) if column.personal]
    forms = {place: Counter(form_of(row[place]) for row in rows) for place in personal}
    chosen = (
        row
        for row in rows
        if all(cell == harmless(cell) for cell in row)
        and all(row[place] == "" or forms[place][form_of(row[place])] >= min(_SEVERAL, len(rows)) for place in personal)
    )
    texts = [
        Counter(row[place] for row in rows) if personal and column.type == "string" else None
        for place, column in enumerate(contract.columns)
    ]
    return [
        [
            cell if (times is None or times[cell] >= _SEVERAL) and not is_personal(cell) else None
            for cell, times in zip(row, texts, strict=True)
        ]
        for row in islice(chosen, RECORDS)
    ]


def _masked(row: Sequence[str | None], number: int, contract: Contract, form: FileFormat) -> list[str]:
    return [
        _mask(number, column) if cell is None or (column.personal and cell not in form.null_tokens) else cell
        for cell, column in zip(row, contract.columns, strict=True)
    ]


def _mask(number: int, column: Column) -> str:
    """Return a value of the same type, another one in each record, that says nothing of a person."""
    match column.type:
        case "integer" | "decimal":
            return str(number)
        case "date" | "timestamp":
            form_of_day = (column.format or "%Y-%m-%d").replace("%g", "000").replace("%z", "Z")
            for directive, text in _YEAR_2000.items():
                form_of_day = form_of_day.replace(directive, text.format(number))
            return datetime(2000, 1, number, tzinfo=UTC).strftime(form_of_day)
        case "boolean":
            return (column.true_words or ("true",))[0]
        case _:
            made = f"x{number}"
            return made if column.max_length is None or len(made) <= column.max_length else str(number)


def _broken(rows: Sequence[list[str]], contract: Contract) -> list[list[str]]:
    """Return the records with one mistake that the gate must find: a cell that is not its type, or one too many."""
    typed = [place for place, column in enumerate(contract.columns) if column.type != "string" and not column.partition]
    broken = [list(row) for row in rows]
    if not rows:
        return [[_WRONG] * (len(contract.columns) + 1)]
    if typed:
        broken[-1][typed[0]] = _WRONG
    else:
        broken[-1].append(_WRONG)
    return broken


def _text(rows: Sequence[Sequence[str]], labels: Sequence[str] | None, form: FileFormat) -> str:
    quoting: Literal[0, 1, 3] = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
    if form.quote and "\r" in "".join(labels or ()):  # a single carriage return is not quoted otherwise
        quoting = csv.QUOTE_ALL
    with io.StringIO() as text:
        writer = csv.writer(
            text,
            delimiter=form.delimiter,
            quotechar=form.quote or None,
            quoting=quoting,
            doublequote=form.escape == form.quote,
            escapechar=form.escape if form.quote and form.escape != form.quote else None,
            lineterminator="\n",
        )
        text.write("-\n" * form.skip_lines)
        writer.writerows([*([labels] if labels else []), *rows])
        return text.getvalue()

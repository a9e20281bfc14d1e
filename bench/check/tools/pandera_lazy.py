"""pandera, lazy: a schema of string columns, exact types by regular expression, failure cases with their rows."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bench.check.found import Found
from bench.check.patterns import exact
from bench.check.tools import frame
from suimon.contract.file import Column
from suimon.contract.model import Contract

DISTRIBUTION = "pandera"


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file; pandera reports the later ones of a repeated value, and the row of each failure."""
    table = frame.read(path, contract)
    schema = pa.DataFrameSchema(
        {
            column.name: pa.Column(
                str,
                list(_checks(column, partition)),
                nullable=not column.required,
                unique=column.unique,
                report_duplicates="exclude_first",
            )
            for column in contract.columns
        },
        strict=True,
        ordered=True,
    )
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        placed = cases[cases["index"].notna()]
        cells = list(zip((placed["index"].astype(int) + 1).tolist(), placed["column"].tolist(), strict=True))
        return Found(accepted=False, rows=len(table), cells=cells, unplaced=len(cases) - len(placed))
    return Found(accepted=True, rows=len(table), cells=[])


def _checks(column: Column, partition: str) -> Iterator[pa.Check]:
    if pattern := exact(column):
        yield pa.Check.str_matches(pattern)
    if column.format:
        yield pa.Check(lambda cells, form=column.format: pd.to_datetime(cells, format=form, errors="coerce").notna())
    if column.max_length is not None:
        yield pa.Check.str_length(max_value=column.max_length)
    if column.minimum is not None:
        least = float(column.minimum)
        yield pa.Check(lambda cells: ~(pd.to_numeric(cells, errors="coerce") < least))
    if column.partition:
        yield pa.Check(lambda cells: _other_dates(cells, column, partition))


def _other_dates(cells: pd.Series, column: Column, partition: str) -> pd.Series:
    dates = pd.to_datetime(cells, format=column.format, errors="coerce")
    return dates.isna() | (dates == pd.Timestamp(partition))

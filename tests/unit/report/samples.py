"""Contracts and verdicts that the tests of reports share."""

from suimon.check.verdict import BadCell, Code, Details, Measurement, RuleCount, Verdict
from suimon.contract.file import Column, FileFormat, Metric
from suimon.contract.model import Contract

HIDDEN = "himitsu"
PERSONAL = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(
        Column("n", "string"),
        Column("who", "string", personal=True, unique=True, min_length=9, max_length=10, pattern="^[A-Z]+$"),
        Column("age", "integer", bits=32, personal=True, minimum="18", maximum="99"),
    ),
)
LABELLED = Contract(
    "x",
    "1",
    "x",
    file=FileFormat(),
    columns=(
        Column("n", "string"),
        Column("quantity", "integer", label="数量"),
        Column("email", "string", label="メール"),
    ),
)
INTEGER: Details = {"type": "integer", "bits": 32}
FEW_ROWS: Details = {"rows": 1200, "threshold": "at least 2000"}
FEW_EMPTY = Metric("nullValues", ("email",), maximum="1", unit="percent", severity="warning", text="at most 1 percent")
REJECTED = Verdict(
    accepted=False,
    rows=1200,
    bad_cells=(
        BadCell(Code.ROW_COUNT_ERROR, details=FEW_ROWS),
        BadCell(Code.MISSING_CELL, 7, 5, details={"cells": 2, "expected": 3}),
        BadCell(Code.TYPE_ERROR, 9, 7, "quantity", "=1+1\n\x1b[2J", INTEGER),
    ),
    counts=(
        RuleCount(Code.ROW_COUNT_ERROR, None, 1, FEW_ROWS),
        RuleCount(Code.MISSING_CELL, None, 1, {"expected": 3}),
        RuleCount(Code.TYPE_ERROR, "quantity", 1100, INTEGER),
    ),
    truncated=True,
    measurements=(Measurement(FEW_EMPTY, 30, "2.5000", kept=False),),
)
ASIDE = Verdict(
    accepted=True,
    rows=100,
    bad_cells=REJECTED.bad_cells[2:],
    counts=(RuleCount(Code.TYPE_ERROR, "quantity", 1, INTEGER),),
    bad_records=1,
    set_aside=1,
)
ACCEPTED = Verdict(accepted=True, rows=50_000)

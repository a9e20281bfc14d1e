"""Frictionless: a Table Schema with constraints, every error with its row."""

from pathlib import Path
from typing import Any

import frictionless

from bench.check.found import Found
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

DISTRIBUTION = "frictionless"

_TYPES = {"string": "string", "integer": "integer", "decimal": "number", "date": "date", "timestamp": "datetime"}
_EVERY = 1_000_000_000  # its own limit is a thousand


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file. A number has no scale in a Table Schema, an integer no bits, and Python reads its digits."""
    dialect = contract.file or FileFormat()
    schema = frictionless.Schema.from_descriptor(
        {
            "fields": [_field(column, partition) for column in contract.columns],
            "missingValues": list(dialect.null_tokens),
        }
    )
    frictionless.system.trusted = True  # an absolute path is no danger here
    resource = frictionless.Resource(path=str(path), schema=schema, encoding=dialect.encoding)
    report = resource.validate(limit_errors=_EVERY)
    rows = report.tasks[0].stats.get("rows")
    if report.valid:
        return Found(accepted=True, rows=rows, cells=[])
    errors = report.flatten(["rowNumber", "fieldName", "type", "message"])
    # Its rows count the header, too.
    cells = [(row - 1, field) for row, field, *_ in errors if row]
    fatal = next((message for row, _, _, message in errors if not row), "")
    return Found(accepted=False, rows=rows, cells=cells, unplaced=len(errors) - len(cells), complaint=fatal)


def _field(column: Column, partition: str) -> dict[str, Any]:
    constraints = {
        "required": column.required or None,
        "unique": column.unique or None,
        "maxLength": column.max_length,
        "minimum": column.minimum,
        "enum": [partition] if column.partition else None,
    }
    return {
        "name": column.name,
        "type": _TYPES[column.type],
        **({"format": column.format} if column.format else {}),
        "constraints": {name: value for name, value in constraints.items() if value is not None},
    }

"""datacontract-cli: the same rules as an ODCS contract, its own checks on DuckDB, a count for each rule."""

from pathlib import Path
from typing import Any

import yaml
from datacontract.data_contract import DataContract
from datacontract.model.run import Check

from bench.check.found import Found
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

DISTRIBUTION = "datacontract-cli"
_CODES = {
    "field_required": "required-error",
    "field_unique": "unique-error",
    "field_max_length": "max-length-error",
    "field_minimum": "minimum-error",
    "field_type": "type-error",
}
_ODCS = {"string": "string", "integer": "integer", "decimal": "number", "date": "date", "timestamp": "timestamp"}


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file. DuckDB guesses the types from the first rows; a cell it cannot convert ends the run."""
    run = DataContract(data_contract_str=yaml.safe_dump(_odcs(path, contract, partition))).test()
    checks = [one for one in run.checks if one.result not in {"passed", None}]
    failed = [one for one in checks if one.result == "failed"]
    counts = [(_code(one), one.field, (one.diagnostics or {}).get("value", 1)) for one in failed]
    complaint = next((str(one.reason) for one in checks if one.diagnostics is None), "")
    return Found(accepted=run.result == "passed", counts=None if complaint else counts, complaint=complaint)


def _code(check: Check) -> str:
    return _CODES.get(check.type, "partition-error" if check.language == "sql" else check.type)


def _odcs(path: Path, contract: Contract, partition: str) -> dict[str, Any]:
    dialect = contract.file or FileFormat()
    server = {"server": "file", "type": "local", "path": str(path), "format": "csv", "encoding": dialect.encoding}
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": contract.dataset,
        "name": contract.dataset,
        "version": contract.version,
        "status": "active",
        "servers": [server],
        "schema": [
            {
                "name": contract.dataset,
                "physicalType": "table",
                "properties": [_property(column) for column in contract.columns],
                "quality": [_partition(contract.dataset, one, partition) for one in contract.columns if one.partition],
            }
        ],
    }


def _property(column: Column) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if column.max_length is not None:
        options["maxLength"] = column.max_length
    if column.minimum is not None:
        options["minimum"] = float(column.minimum)
    form = {"physicalType": f"decimal({column.precision},{column.scale})"} if column.type == "decimal" else {}
    return {
        "name": column.name,
        "logicalType": _ODCS[column.type],
        **form,
        "required": column.required,
        "unique": column.unique,
        "logicalTypeOptions": options,
    }


def _partition(dataset: str, column: Column, partition: str) -> dict[str, Any]:
    return {
        "type": "sql",
        "description": "the partition",
        "query": f"SELECT count(*) FROM {dataset} WHERE {column.name} <> '{partition}'",  # noqa: S608 - of our contract
        "mustBe": 0,
    }

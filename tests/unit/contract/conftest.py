"""Contracts as texts: a small one to vary, and what reading one says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract

DIALECT = "encoding: utf-8, delimiter: ',', quote: '\"', escape: '\"', header: true, nullTokens: ['']"
COLUMNS = (
    "name: code, logicalType: string",
    "name: day, logicalType: date",
    "name: at, logicalType: timestamp, logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ss'}",
    "name: pieces, logicalType: integer",
    "name: price, logicalType: number, physicalType: 'decimal(12,2)'",
    "name: active, logicalType: boolean",
)
_DRAFT = """\
apiVersion: v3.2.0
kind: DataContract
version: "1"
schema:
  - name: goods
    physicalName: goods
    quality: [{quality}]
    properties:
{columns}
customProperties:
  - {{property: keyPattern, value: "goods/{{ds}}.csv"}}
  - {{property: dag, value: goods_etl}}
  - property: dialect
    value: {{{dialect}}}
{custom}
"""


@pytest.fixture
def draft() -> Callable[..., str]:
    """Write a small contract; every part in YAML's flow style, a column a line."""

    def write(*columns: str, dialect: str = DIALECT, quality: str = "", custom: str = "") -> str:
        listed = "\n".join(f"      - {{{column}}}" for column in columns or COLUMNS)
        further = f"  - {{{custom}}}" if custom else ""
        return _DRAFT.format(columns=listed, dialect=dialect, quality=quality, custom=further)

    return write


@pytest.fixture
def reads(tmp_path: Path) -> Callable[[str], Contract]:
    def read(text: str) -> Contract:
        path = tmp_path / "c.odcs.yaml"
        path.write_text(text, encoding="utf-8")
        return read_contract(path)

    return read


@pytest.fixture
def refused(reads: Callable[[str], Contract], tmp_path: Path) -> Callable[[str], list[str]]:
    """Return what is wrong with a contract: line, path and message of every problem."""

    def read(text: str) -> list[str]:
        with pytest.raises(ContractFileError) as caught:
            reads(text)
        path = tmp_path / "c.odcs.yaml"
        return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]

    return read

"""A contract of three columns, for tests of what lies between parts of the checker."""

from typing import Any

from suimon.check.grammar import Grammar
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract

ABC = (Column("a", "string"), Column("b", "string"), Column("c", "integer", bits=32))
THREE = (0, 1, 2)


def contract(*columns: Column, **dialect: Any) -> Contract:
    return Contract("x", "1", "x", file=FileFormat(**dialect), columns=columns or ABC)


def grammar(width: int = 3, **dialect: Any) -> Grammar:
    return Grammar(FileFormat(**dialect), width)

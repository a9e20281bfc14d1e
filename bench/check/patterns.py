"""The types of a contract as regular expressions, for tools that know no exact types of their own."""

import re

from suimon.contract.file import Column


def exact(column: Column) -> str | None:
    """Return an anchored expression for the text of a column's type, None for strings.

    It cannot tell a real date from a shapely one, nor an integer of 32 bits from a longer one.
    """
    if column.type == "integer":
        return r"^[+-]?[0-9]+$"
    if column.type == "decimal":
        assert column.precision is not None and column.scale is not None  # noqa: S101, PT018
        return rf"^[+-]?0*[0-9]{{1,{column.precision - column.scale}}}(\.[0-9]{{1,{column.scale}}})?$"
    if column.format:
        return "^" + re.sub(r"%Y|%.", lambda part: "[0-9]{4}" if part[0] == "%Y" else "[0-9]{2}", column.format) + "$"
    return None

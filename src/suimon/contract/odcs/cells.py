"""How cells of a column may be written otherwise than plain: blanks, full-width characters, thousands, short years."""

from dataclasses import replace

from suimon.contract.file import Column, FileFormat
from suimon.contract.odcs.clauses import Clause, brief
from suimon.contract.odcs.dialect import unwritable
from suimon.contract.odcs.reader import Reader
from suimon.contract.written import BLANKS, WIDE

CELLS = ("blanks", "fullWidth", "thousands", "yearPivot")
_SEPARATORS = (",", ".", "'", " ")
_FIRST_PIVOT, _LAST_PIVOT = 1, 9900
_NUMBERS, _MOMENTS = {"integer", "decimal"}, {"date", "timestamp"}


def read_cells(
    clause: Clause, custom: dict[str, Clause], column: Column, dialect: FileFormat, reader: Reader
) -> Column:
    """Add to a column how its cells may be written; refuse what could mean two things."""
    short = "%y" in (column.format or "")
    if short and "yearPivot" not in custom:
        options = clause["logicalTypeOptions"]
        place = (options["format"] if options else None) or clause
        reader.refuse(place, "yy needs customProperties, yearPivot: 1970 for 1970 to 2069")
    column = replace(
        column,
        trimmed=_trimmed(custom.get("blanks"), reader),
        full_width=_full_width(custom.get("fullWidth"), column, reader),
        thousands=_thousands(custom.get("thousands"), column, dialect, reader),
        pivot=_pivot(custom.get("yearPivot"), reader, short=short),
    )
    _refuse_hidden(clause, column, dialect, reader)
    return column


def _trimmed(given: Clause | None, reader: Reader) -> bool:
    if given and given.value != "trim":
        reader.refuse(given, f"must be trim, is {brief(given)}")
    return given is not None


def _full_width(given: Clause | None, column: Column, reader: Reader) -> bool:
    if given and given.value is not True:
        reader.refuse(given, f"must be true, is {brief(given)}; without it full-width characters are others")
    elif given and column.type not in _NUMBERS | _MOMENTS:
        reader.refuse(given, f"is not enforced for logicalType {column.type}: a text is loaded as it stands; remove it")
    return given is not None


def _thousands(given: Clause | None, column: Column, dialect: FileFormat, reader: Reader) -> str | None:
    if given is None:
        return None
    if column.type not in _NUMBERS:
        reader.refuse(given, f"is not enforced for logicalType {column.type}; remove it")
    elif given.value not in _SEPARATORS:
        reader.refuse(given, f"must be one of {', '.join(map(repr, _SEPARATORS))}, is {brief(given)}")
    elif given.value == dialect.decimal:
        reader.refuse(given, "is the decimal separator of the dialect: 1,200 would be two numbers")
    elif why := unwritable(f"1{given.value}000", dialect):
        reader.refuse(given, why)
    else:
        return str(given.value)
    return None


def _pivot(given: Clause | None, reader: Reader, *, short: bool) -> int | None:
    if given is None:
        return None
    if not short:
        reader.refuse(given, "is not enforced without yy in the format; remove it")
    elif type(given.value) is not int or not _FIRST_PIVOT <= given.value <= _LAST_PIVOT:
        reader.refuse(given, f"must be the first of the hundred years that yy may be, such as 1970, is {brief(given)}")
    else:
        return given.value
    return None


def _refuse_hidden(clause: Clause, column: Column, dialect: FileFormat, reader: Reader) -> None:
    """Refuse texts of the contract that no cell is any more once it is written plain."""
    form = column.form(dialect.decimal)
    if form is None:
        return
    literals = (column.format or "").strip(BLANKS) != (column.format or "") and column.trimmed
    if literals or (column.full_width and set(column.format or "") & set(WIDE)):
        reader.refuse(
            clause, "its format has characters that blanks or fullWidth would take away; write it without them"
        )
    values = (*(column.true_words or ()), *(column.false_words or ()), *(column.allowed or ()))
    for value in values:
        if form.plain(value) != value:
            reader.refuse(
                clause, f"{brief(value)} is never a cell once it is written plain: write {form.plain(value)!r}"
            )

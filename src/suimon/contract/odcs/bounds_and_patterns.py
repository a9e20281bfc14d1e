"""How the values of a column are written, and which there may be: formats, digits, bounds, patterns, lists."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb

from suimon.contract.file import Column, ColumnType, FileFormat
from suimon.contract.odcs.clauses import Clause, brief, cut
from suimon.contract.odcs.dialect import unwritable
from suimon.contract.odcs.reader import Reader, number, written

# The letters of Java's DateTimeFormatter, which ODCS uses, that mean the same everywhere, and their strptime form.
JAVA = {
    "yyyy": "%Y",
    "MM": "%m",
    "dd": "%d",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "XXX": "%z",
}
# Those of dates alone, which are written plain before they are read (`suimon.contract.written`): the era as 令和 or R,
# its year, a year of two digits, months and days of one digit or two.
DATES_ALONE = {"GGGG": "%E", "GGGGG": "%e", "y": "%-n", "yy": "%y", "M": "%-m", "d": "%-d"}
_YEARS = (["yyyy"], ["yy"], *([era, year] for era in ("GGGG", "GGGGG") for year in ("y", "yy")))
_DATE, _MINUTE, _FRACTIONS = {"yyyy", "MM", "dd"}, {"HH", "mm"}, {"SSS", "SSSSSS"}
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<word>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>.)", re.DOTALL)
_RESERVED = "'[]{}#%"  # Java's own, and strptime's
_DAY = r"\d{4}-\d\d-\d\d"
_MOMENT = _DAY + r"T\d\d:\d\d:\d\d"
_MAX_PRECISION = 38
# RE2 reads some 6 MB/s with as many steps, where they may be taken in every order; with 1,800 it reads 0.03.
_MOST_STEPS = 400
_REPETITION = re.compile(r"\{(\d+)(?:,(\d*))?\}[?+]?")
_PARTS = re.compile(
    r"\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\((?:\?(?:P?<\w+>|[A-Za-z-]*:))?|"
    + _REPETITION.pattern.replace("(\\d", "(?:\\d")
    + "|.",
    re.DOTALL,
)


def read_bits(given: Clause | None, reader: Reader) -> int:
    """Return the width of an integer."""
    if given and given.value not in ("i32", "i64"):
        reader.refuse(given, f"{brief(given)} is not enforced; write i32 or i64, for INTEGER or BIGINT")
    return 64 if given and given.value == "i64" else 32


def read_digits(clause: Clause, reader: Reader) -> tuple[int, int]:
    """Return precision and scale of a number: ODCS has no word for them but the physical type."""
    text = reader.text(clause, "physicalType", r"(?i)(decimal|numeric)\(\d+, ?\d+\)", "decimal(precision,scale)")
    if not text:
        return _MAX_PRECISION, 0
    precision, scale = (int(digits) for digits in re.findall(r"\d+", text))
    if not (1 <= precision <= _MAX_PRECISION and scale <= precision) and (given := clause["physicalType"]):
        reader.refuse(given, f"needs a precision from 1 to {_MAX_PRECISION} and a scale no greater")
    return precision, scale


def read_format(
    clause: Clause, given: Clause | None, type_: ColumnType, dialect: FileFormat, reader: Reader
) -> str | None:
    """Return the strptime form of a date or timestamp."""
    if given is None:
        if type_ == "timestamp":
            reader.lack(clause, "format", "a timestamp needs logicalTypeOptions.format, such as yyyy-MM-dd HH:mm:ss")
        return "%Y-%m-%d"
    text = given.value if isinstance(given.value, str) else ""
    words: list[str] = []
    form = literals = ""
    for token in _TOKEN.finditer(text):
        if word := token["word"]:
            words.append(word)
            form += (JAVA | DATES_ALONE).get(word, "")
        else:
            literal = token["other"] or (token["quoted"].replace("''", "'") or "'")
            form += literal
            literals += literal
    if {"GGGG", "GGGGG"} & set(words):
        form = form.replace("%y", "%n")
    if why := _wrong_words(words, type_):
        reader.refuse(given, why)
    elif "%z" in form.removesuffix("%z"):
        reader.refuse(given, "the zone, XXX, must come last")
    elif "%" in literals or any(token["other"] and token["other"] in _RESERVED for token in _TOKEN.finditer(text)):
        reader.refuse(given, f"none of {' '.join(_RESERVED)} may stand in it, but quotes around letters, as in 'T'")
    elif why := unwritable(literals, dialect):
        reader.refuse(given, why)
    return form


def _wrong_words(words: list[str], type_: ColumnType) -> str | None:
    found = set(words)
    if type_ == "date":
        years = sorted(word for word in found if word[0] in "yG")
        right = sorted(word[0] for word in found if word in {"MM", "M", "dd", "d"}) == ["M", "d"]
        right &= years in _YEARS and found <= {*_DATE, *DATES_ALONE}
        wanted = (
            "must hold each of MM dd yyyy once and no other letter; of one digit or two are M and d; instead of "
            "yyyy may stand yy, or GGGG (令和) or GGGGG (R) with y or yy"
        )
    else:
        needed = _DATE | _MINUTE
        right = needed <= found <= set(JAVA) and len(found & _FRACTIONS) <= ("ss" in found)
        wanted = (
            f"must hold each of {' '.join(sorted(needed))} once, may hold ss, then SSS or SSSSSS, and XXX for the "
            "zone, and no other letter outside quotes"
        )
    return None if right and len(words) == len(found) else wanted


def read_bound(given: Clause | None, column: Column, reader: Reader) -> str | None:
    """Return a bound as exact text; a problem if no value of the column could equal it."""
    if given is None:
        return None
    match column.type:
        case "date":
            # Python reads 20260101 and 2026-W01-1 as well: in a contract the first is a number, the second a slip.
            with suppress(ValueError):
                if re.fullmatch(_DAY, str(given.value)):
                    return date.fromisoformat(str(given.value)).isoformat()
            reader.refuse(given, f"{brief(given)} is no date; write YYYY-MM-DD")
        case "timestamp":
            return _moment(given, zoned="%z" in (column.format or ""), reader=reader)
        case "integer":
            limit = 1 << ((column.bits or 32) - 1)
            if type(given.value) is int and -limit <= given.value < limit:
                return str(given.value)
            reader.refuse(given, f"must be a whole number of {column.bits} bits, is {brief(given)}")
        case "decimal":
            return _decimal(given, column.precision or _MAX_PRECISION, column.scale or 0, reader)
    return None


def _moment(given: Clause, *, zoned: bool, reader: Reader) -> str | None:
    """Return a bound of a timestamp: in UTC if the column's values have a zone."""
    text = str(given.value)
    try:
        if re.fullmatch(_MOMENT + (r"(Z|[+-]\d\d:\d\d)" if zoned else ""), text):
            moment = datetime.fromisoformat(text)
            return (moment.astimezone(UTC) if zoned else moment).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError):
        pass  # a month 13, or a year 0 in UTC
    form = "YYYY-MM-DDThh:mm:ss and the zone, as in +09:00 or Z" if zoned else "YYYY-MM-DDThh:mm:ss without a zone"
    reader.refuse(given, f"{brief(given)} is no such moment; write {form}")
    return None


def _decimal(given: Clause, precision: int, scale: int, reader: Reader) -> str | None:
    value = number(given)
    if value is None:
        reader.refuse(given, f"must be a number, is {brief(given)}")
    elif len(written(value).partition(".")[2]) > scale or value.copy_abs() >= Decimal(10) ** (precision - scale):
        reader.refuse(given, f"{cut(f'{value:f}')} does not fit {precision} digits with {scale} decimal places")
    else:
        return f"{value:f}"
    return None


def _steps(pattern: str) -> int:
    """Return about how many steps RE2 makes of a pattern: what repeats counts as often as it may stand there."""
    groups, last = [0], 0  # steps of the groups that are open, and of what a repetition would repeat
    for found in _PARTS.finditer(pattern):
        part = found[0]
        if part.startswith("("):
            groups.append(0)
            last = 0
        elif part == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif repeated := _REPETITION.fullmatch(part):
            times = max(int(number or 1) for number in repeated.groups())
            groups[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            groups[-1] += last
    return sum(groups)


def _is_anchored(pattern: str) -> bool:
    """Return whether ^ and $ hold a whole pattern: no escaped $ ends it, and no | outside groups lies between them."""
    parts = [found[0] for found in _PARTS.finditer(pattern)]
    depth = 0
    for part in parts:
        depth += part.startswith("(") - (part == ")")
        if part == "|" and depth == 0:
            return False
    return parts[0] == "^" and parts[-1] == "$"


def read_pattern(given: Clause | None, reader: Reader) -> str | None:
    """Return a pattern that RE2 takes."""
    if given is None:
        return None
    if not isinstance(given.value, str) or not (given.value and _is_anchored(given.value)):
        # ODCS names ECMA-262, which searches; other tools match the whole value.
        wanted = "must start with ^ and end with $, alternatives in a group as in ^(a|b)$"
        reader.refuse(given, f"{wanted}: tools differ over what a pattern without them means")
        return None
    if (steps := _steps(given.value)) > _MOST_STEPS:
        reader.refuse(given, f"has some {steps} steps, more than {_MOST_STEPS}; use maxLength, or repeat less")
        return None
    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [given.value])
    except duckdb.Error as error:
        reader.refuse(given, f"is no RE2 expression: {cut(str(error), 200)}")
        return None
    return given.value


def read_values(items: list[Clause], type_: ColumnType, dialect: FileFormat, reader: Reader) -> tuple[str, ...]:
    """Return values of a column as cells write them: texts, of an integer column also whole numbers."""
    if type_ == "integer":
        items = [
            Clause(item.file, item.path, item.line, str(item.value)) if type(item.value) is int else item
            for item in items
        ]
    values = reader.texts(items)
    for item in items:
        if not isinstance(item.value, str):
            continue
        if why := unwritable(item.value, dialect):
            reader.refuse(item, why)
        elif item.value in dialect.null_tokens:
            reader.refuse(item, f"{brief(item.value)} is one of nullTokens: such a cell is missing, and has no value")
    return values

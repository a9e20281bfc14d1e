"""The oracle's reading of one cell: what its text means, and which rules of its column it breaks."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from suimon.check.verdict import Code
from suimon.contract.file import Column, FileFormat

Typed = int | str | Decimal | bool | None  # dates are days, timestamps microseconds (UTC if they have a zone)
_DAY = 86_400_000_000
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "g": 3, "f": 6}


def in_key(value: Typed) -> Typed:
    """Return a value as keys are compared: blanks at its end mean nothing in the warehouse."""
    return value.rstrip(" ") if isinstance(value, str) else value


def judge_cell(  # noqa: C901 - one question after the other
    column: Column, text: str, dialect: FileFormat, partition: str | None, *, required: bool
) -> Iterator[Code]:
    """Yield the rules that a cell breaks, those on several cells aside."""
    text = as_plain(column, text, dialect)
    if text in dialect.null_tokens:
        if required:
            yield Code.REQUIRED_ERROR
        return
    value = typed_value(column, text, dialect)
    if value is None:
        yield Code.TYPE_ERROR
    if column.min_length is not None and len(text) < column.min_length:
        yield Code.MIN_LENGTH_ERROR
    if column.max_length is not None and len(text) > column.max_length:
        yield Code.MAX_LENGTH_ERROR
    if value is not None and column.minimum is not None and value < bound(column, column.minimum):  # type: ignore[operator]
        yield Code.MINIMUM_ERROR
    if value is not None and column.maximum is not None and value > bound(column, column.maximum):  # type: ignore[operator]
        yield Code.MAXIMUM_ERROR
    if column.pattern is not None and not re.search(column.pattern.replace("$", r"\Z"), text, re.ASCII):
        yield Code.PATTERN_ERROR
    if column.allowed is not None and text not in column.allowed:
        yield Code.ALLOWED_VALUES_ERROR
    if column.partition and partition is not None and value is not None and _day_of(column, text) != partition:
        yield Code.PARTITION_ERROR


def typed_value(column: Column, text: str, dialect: FileFormat) -> Typed:
    """Return what a cell means; None if it is missing or not of its type."""
    text = as_plain(column, text, dialect)
    if text in dialect.null_tokens:
        return None
    match column.type:
        case "string":
            return text
        case "integer":
            half = 2 ** ((column.bits or 32) - 1)
            value = int(text) if re.fullmatch("[+-]?[0-9]+", text) else None
            return value if value is not None and -half <= value < half else None
        case "decimal":
            return _decimal(column, text, dialect.decimal)
        case "boolean":
            words = dict.fromkeys(column.true_words or ("true",), True)
            return (words | dict.fromkeys(column.false_words or ("false",), False)).get(text)
        case "date" | "timestamp":
            read = _directives(column, text)
            return None if read is None else _moment(column, read)


def as_plain(column: Column, text: str, dialect: FileFormat) -> str:
    """Write a cell plain by the clauses of its column, a character after the other; a null token stays itself."""
    if text in dialect.null_tokens:
        return text
    if column.trimmed:
        while text and text[0] in " \t\u3000\xa0":
            text = text[1:]
        while text and text[-1] in " \t\u3000\xa0":
            text = text[:-1]
    if column.full_width:
        text = "".join(
            "-" if one == "−" else unicodedata.normalize("NFKC", one) if "！" <= one <= "～" else one for one in text
        )
    if column.thousands:
        return _without_thousands(text, column.thousands, dialect.decimal)
    return _of_the_era(column, text) if column.type == "date" and column.format else text


def _without_thousands(text: str, separator: str, decimal: str) -> str:
    sign = text[:1] if text[:1] in {"+", "-"} else ""
    whole, point, fraction = text[len(sign) :].partition(decimal)
    groups = whole.split(separator)
    digits = set("0123456789")
    right = len(groups) > 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    right = right and set("".join(groups)) <= digits and set(fraction) <= digits and bool(point) == bool(fraction)
    return sign + "".join(groups) + point + fraction if right else text


_ERAS = {"明治M": (1868, 18730101), "大正T": (1912, 19120730), "昭和S": (1926, 19261225), "平成H": (1989, 19890108)}
_ERAS |= {"令和R": (2019, 20190501), "": (0, 99991232)}
_NAMES = {"Y": r"\d\d\d\d", "y": r"\d\d", "n": r"\d\d", "-n": r"\d\d?|元", "m": r"\d\d", "d": r"\d\d"}
_NAMES |= {"-m": r"\d\d?", "-d": r"\d\d?", "E": "明治|大正|昭和|平成|令和", "e": "[MTSHR]"}


def _of_the_era(column: Column, text: str) -> str:
    pieces = re.findall("%(-?.)|(.)", column.format or "", re.DOTALL)
    if {name for name, _ in pieces if name} <= {"Y", "m", "d"}:
        return text
    pattern = "".join(f"(?P<{name[-1]}>{_NAMES[name]})" if name else re.escape(literal) for name, literal in pieces)
    found = re.fullmatch(pattern, text, re.ASCII)
    if found is None:
        return text
    parts = found.groupdict()
    if "Y" in parts:
        year = int(parts["Y"])
    elif "y" in parts:
        year = next(
            year for year in range(column.pivot or 0, (column.pivot or 0) + 100) if year % 100 == int(parts["y"])
        )
    else:
        era = parts.get("E") or parts["e"]
        place = next(place for place, names in enumerate(_ERAS) if era in (names[:2], names[2:]))
        (first, begins), (_, ends) = list(_ERAS.values())[place : place + 2]
        year = first - 1 + int(parts["n"].replace("元", "1"))
        if not begins <= (year * 100 + int(parts["m"])) * 100 + int(parts["d"]) < ends:
            return text
    return f"{year:04}-{int(parts['m']):02}-{int(parts['d']):02}"


def bound(column: Column, written: str) -> Typed:
    """Return a contract's bound as the value it means."""
    match column.type:
        case "date":
            return date.fromisoformat(written).toordinal()
        case "timestamp":
            day, _, clock = written.partition("T")
            hour, minute, second = map(int, clock.split(":"))
            return date.fromisoformat(day).toordinal() * _DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000
        case "integer":
            return int(written)
        case _:
            return Decimal(written)


def _decimal(column: Column, text: str, separator: str) -> Decimal | None:
    sign, whole, fraction = "", text, ""
    if text[:1] in {"+", "-"}:
        sign, whole = text[0], text[1:]
    if separator in whole:
        whole, _, fraction = whole.partition(separator)
        if not fraction:
            return None
    if not whole or not set(whole + fraction) <= set("0123456789") or len(fraction) > (column.scale or 0):
        return None
    if len(whole.lstrip("0")) > (column.precision or 38) - (column.scale or 0):
        return None
    return Decimal(f"{sign}{whole}.{fraction or 0}")


def _directives(column: Column, text: str) -> dict[str, str] | None:
    """Take a text apart by its strptime form; None if it is not written so."""
    read: dict[str, str] = {}
    place, form = 0, column.format or "%Y-%m-%d"
    form = "%Y-%m-%d" if re.search("%(?:[EeyN]|n|-)", form) else form
    while form:
        if form[0] != "%":
            taken = text[place : place + 1]
            if taken != form[0]:
                return None
            form = form[1:]
        elif form[1] == "z":
            zone = re.match("Z|[+-][0-9]{2}:[0-9]{2}", text[place:])
            if zone is None:
                return None
            taken = read["z"] = zone[0]
            form = form[2:]
        else:
            taken = read[form[1]] = text[place : place + _WIDTHS[form[1]]]
            if len(taken) < _WIDTHS[form[1]] or not set(taken) <= set("0123456789"):
                return None
            form = form[2:]
        place += len(taken)
    return read if place == len(text) else None


def _moment(column: Column, read: dict[str, str]) -> int | None:
    year, month, day = (int(read.get(name, 1)) for name in "Ymd")
    hour, minute, second = (int(read.get(name, 0)) for name in "HMS")
    try:
        days = date(year, month, day).toordinal()
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    if column.type == "date":
        return days
    micros = int(read.get("f", 0)) + int(read.get("g", 0)) * 1000
    east = 0
    if (zone := read.get("z", "Z")) != "Z":
        zone_hour, zone_minute = int(zone[1:3]), int(zone[4:6])
        if zone_hour * 60 + zone_minute > 18 * 60 or zone_minute > 59:
            return None
        east = (zone_hour * 60 + zone_minute) * (1 if zone[0] == "+" else -1)
    moment = days * _DAY + (((hour * 60 + minute - east) * 60) + second) * 1_000_000 + micros
    return moment if moment >= date.min.toordinal() * _DAY else None


def _day_of(column: Column, text: str) -> str:
    read = _directives(column, text) or {}
    return f"{read.get('Y')}-{read.get('m')}-{read.get('d')}"

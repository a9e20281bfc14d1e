"""Columns from the cells of a sample, guessed for a proposal; the gate never guesses."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from suimon.contract.file import Column
from suimon.contract.redshift_names import is_plain
from suimon.contract.written import ISO_DATE
from suimon.dataset.proposal.evidence import Column as Observed
from suimon.dataset.proposal.evidence import Evidence
from suimon.dataset.proposal.personal import NO_NUMBERS, is_personal, personal_kind
from suimon.dataset.proposal.type_guess import TypeGuess
from suimon.dataset.proposal.written import as_written
from suimon.values import dataclass

ENOUGH = 20  # records, before anything is said of what all values have in common
_FEW = 12  # distinct values, at most, that look like a list of allowed ones
_OFTEN = 5  # times that a value of such a list stands in the sample, on average
_SEVERAL = 3  # times, at least, of each: what stands once may be of a person, in a record that is shifted
_SHORT = 40  # characters of each
_UNKNOWN = 256  # characters of a column without a value
_MAX_PRECISION = 38
_GROUP = 3  # digits between separators of thousands
MOST_CHARACTERS = 16_383  # of four bytes each in a VARCHAR
_LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400, 1000, 2000, 4000, 8000, 16_000)

_CERTAIN_NULLS = ("NULL", "null", "\\N", "N/A", "#N/A")  # nobody means them as a value
_NULLS = (*_CERTAIN_NULLS, "Null", "n/a", "NA", "NaN", "nan", "None", "none", "-", "--", "?", "なし", "不明")
_WORDS = (
    *(("true", "false"), ("True", "False"), ("TRUE", "FALSE"), ("yes", "no"), ("Yes", "No"), ("YES", "NO")),
    *(("Y", "N"), ("y", "n"), ("T", "F"), ("t", "f"), ("はい", "いいえ"), ("有", "無"), ("済", "未"), ("○", "×")),
)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMALS = {separator: re.compile(rf"[+-]?[0-9]+(?:[{separator}]([0-9]+))?") for separator in ".,"}
_DATES: tuple[str, ...] = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
)
_DATES += ("%Y年%m月%d日", "%Y%m%d")
_TIMES = tuple(
    f"{day}{between}%H:%M{seconds}{zone}"
    for day in _DATES[:-1]
    for between in ("T", " ")
    for seconds in (":%S", ":%S.%g", ":%S.%f", "")
    for zone in ("", "%z")
)
_GROUPS = {
    **{f"%{letter}": f"(?P<{letter}>[0-9]{{2}})" for letter in "mdHMS"},
    "%Y": "(?P<Y>(?:19|20)[0-9]{2})",  # a sample with other years is more likely one of numbers
    "%g": "[0-9]{3}",
    "%f": "[0-9]{6}",
    "%z": "(?:Z|[+-][0-9]{2}:[0-9]{2})",
}


Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Guess:
    """A column as it seems to be. `doubts` say, by field of Column, what a person must look at."""

    column: Column
    doubts: dict[str, str]
    distinct: bool  # every value is another one, in enough records
    few: tuple[str, ...]  # the only values there are, if that seems to mean something
    spans: tuple[Span | None, ...]  # by sample, of dates and timestamps: the first and the last
    only: tuple[str | None, ...]  # by sample: the one value of every record, of texts that are not personal
    negative: bool  # a number is below zero


@dataclass(frozen=True, slots=True)
class Guesses:
    """The columns of a sample, and what of the file only its cells can tell."""

    columns: tuple[Guess, ...]
    null_tokens: tuple[str, ...]
    decimal: str


def guess_columns(labels: tuple[str, ...] | None, samples: Sequence[Evidence]) -> Guesses:
    """Guess every column; all `samples` have the same ones."""
    width, records = len(samples[0].columns), sum(sample.records for sample in samples)
    cells = [sum((sample.columns[place].values for sample in samples), Counter()) for place in range(width)]
    tokens = _null_tokens(cells)
    values = [Counter({text: count for text, count in column.items() if text not in tokens}) for column in cells]
    decimal = _decimal_separator(values)
    labels = labels or ("",) * width
    columns = (
        # A label that stands twice can be that of one column only.
        _column(
            name,
            label if labels.index(label) == place else "",
            values[place],
            records,
            decimal,
            [_of(sample.columns[place], tokens) for sample in samples],
        )
        for place, (name, label) in enumerate(zip(_names(labels), labels, strict=True))
    )
    guesses = tuple(columns)
    return Guesses(guesses, tokens, decimal if any(guess.column.type == "decimal" for guess in guesses) else ".")


def _of(column: Observed, tokens: tuple[str, ...]) -> Observed:
    """Leave out of a column what stands for a missing value."""
    return replace(column, values=Counter({text: n for text, n in column.values.items() if text not in tokens}))


def _null_tokens(columns: list[Counter[str]]) -> tuple[str, ...]:
    """Return "" and the texts that stand for a missing value: those nobody means, and those among typed values."""
    found = {token for token in _CERTAIN_NULLS if any(token in column for column in columns)}
    for column in columns:
        here = {token for token in _NULLS if token in column}
        rest = [text for text in column if text and text not in here]
        if here and rest and (_is_number(rest) or _formats(rest)):
            found |= here
    return ("", *(token for token in _NULLS if token in found))


def _is_number(values: Collection[str]) -> bool:
    return any(all(map(form.fullmatch, values)) for form in _DECIMALS.values())


def _decimal_separator(columns: list[Counter[str]]) -> str:
    def votes(separator: str) -> int:
        form = _DECIMALS[separator]
        numbers = (column for column in columns if column and all(map(form.fullmatch, column)))
        return sum(
            any(separator in text for text in column) for column in numbers if not _is_grouped(column, separator)
        )

    return "," if votes(",") > votes(".") else "."


def _is_grouped(column: Counter[str], separator: str) -> bool:
    """Whether the commas of a column are rather those of thousands: each has three digits behind it, as in 1,200."""
    return separator == "," and all(len(text.partition(separator)[2]) in {0, 3} for text in column)


def _names(labels: tuple[str, ...]) -> list[str]:
    """Return a plain name for every column, none twice whatever its case: the label, or what of it is ASCII."""
    names: list[str] = []
    for place, label in enumerate(labels, 1):
        name = re.sub(r"[^a-z0-9_]+", "_", label.lower()).strip("_") if label.isascii() else ""
        name = name if not name or is_plain(name) else f"{name}_"  # a word that Redshift reserves
        if not is_plain(name) or name in names:
            name = f"column_{place}"
            while name.lower() in {other.lower() for other in (*names, *labels)}:
                name += "_"
        names.append(name)
    return names


def _column(
    name: str, label: str, values: Counter[str], records: int, decimal: str, samples: Sequence[Observed]
) -> Guess:
    kind = personal_kind(label or name, values)
    type_ = _text(values) if kind in NO_NUMBERS else as_written(values, decimal, _type)
    doubts = type_.doubts
    if kind:
        doubts["personal"] = f"it seems to be a person's {kind}"
    required = values.total() == records > 0
    if required:
        doubts["required"] = f"none is missing in {records:,} records; must it be there?"
    column = Column(
        name=name,
        label=label if label not in {"", name} else None,
        required=required,
        personal=kind is not None,
        **type_.fields,
    )
    is_number = column.type in {"integer", "decimal"}
    return Guess(
        column,
        doubts,
        # A key of each file: what is numbered from one each day is one, too.
        distinct=all(one.is_key and one.values.total() >= ENOUGH for one in samples)
        and required
        and column.type in {"string", "integer"},
        few=_few(values) if column.type == "string" and not kind else (),
        spans=tuple(_span(one.values, column, decimal) for one in samples) if column.format else (),
        only=tuple(map(_only, samples)) if required and column.type == "string" and not kind else (),
        negative=is_number and any(text.startswith("-") for text in values),
    )


def _type(values: Counter[str], decimal: str) -> TypeGuess:
    if not values:
        return TypeGuess(
            {"type": "string", "max_length": _UNKNOWN},
            {"type": "no record of the sample has a value", "max_length": "nothing to measure"},
        )
    for words in _WORDS:
        if set(values) == set(words):
            return TypeGuess({"type": "boolean", "true_words": words[:1], "false_words": words[1:]})
    if formats := _formats(values):
        return _dated(formats)
    if all(map(_INTEGER.fullmatch, values)):
        return _whole(values)
    if all(map(_DECIMALS[decimal].fullmatch, values)):
        return _decimal(values, decimal)
    return _text(values)


def _dated(formats: list[str]) -> TypeGuess:
    doubts = {}
    if len(formats) > 1:
        doubts["format"] = "day and month may be the other way round: no day of the sample is past the 12th"
    elif formats == ["%Y%m%d"]:
        doubts["type"] = "eight digits, each a real date; or is it a number?"
    return TypeGuess({"type": "timestamp" if "%H" in formats[0] else "date", "format": formats[0]}, doubts)


def _whole(values: Counter[str]) -> TypeGuess:
    if any(re.match(r"\+|-?0[0-9]", text) for text in values):
        text = _text(values)
        text.doubts["note"] = "digits with zeros or a plus in front, which a number would lose"
        return text
    greatest = max(abs(int(text)) for text in values)
    if greatest >= 2**63:
        text = _text(values)
        text.doubts["note"] = "digits, but more than 64 bits hold"
        return text
    doubts = {"note": "0 and 1 only; a boolean has trueWords and falseWords"} if set(values) == {"0", "1"} else {}
    if greatest >= 2**30:
        doubts["bits"] = f"the greatest has {len(str(greatest))} digits"
    return TypeGuess({"type": "integer", "bits": 64 if greatest >= 2**30 else 32}, doubts)


def _decimal(values: Counter[str], decimal: str) -> TypeGuess:
    parts = [text.lstrip("+-").partition(decimal) for text in values]
    whole, scale = max(len(left.lstrip("0")) for left, _, _ in parts), max(len(right) for _, _, right in parts)
    if whole + scale > _MAX_PRECISION:
        text = _text(values)
        text.doubts["note"] = f"numbers of more than {_MAX_PRECISION} digits"
        return text
    precision = min(_MAX_PRECISION, max(12, whole + scale + 2))
    doubts = {"precision": f"at most {whole} and {scale} digits before and behind the separator"}
    if decimal == "," and all(len(right) in {0, 3} for _, _, right in parts):
        # Another column has commas of decimals: these are as well, or the file is mixed.
        text = _text(values)
        text.doubts["type"] = "every comma has three digits behind it: decimals, or thousands? Taken as text"
        return text
    if decimal == "," and any(len(right) == _GROUP for _, _, right in parts):
        doubts["type"] = "some commas have three digits behind them: decimals, or thousands?"
    return TypeGuess({"type": "decimal", "precision": precision, "scale": scale}, doubts)


def _text(values: Counter[str]) -> TypeGuess:
    longest = max(map(len, values), default=0)
    if not longest:
        return TypeGuess({"type": "string"})
    limit = next((length for length in _LENGTHS if length >= longest * 1.25), MOST_CHARACTERS)
    doubts = {"max_length": f"the longest has {longest}"}
    if longest > MOST_CHARACTERS:
        doubts["type"] = (
            f"the longest has {longest:,} characters, of which a table holds {MOST_CHARACTERS:,} of any kind"
        )
    return TypeGuess({"type": "string", "max_length": limit}, doubts)


def _few(values: Counter[str]) -> tuple[str, ...]:
    often = values.total() >= max(ENOUGH, _OFTEN * len(values))
    short = 0 < len(values) <= _FEW and max(map(len, values)) <= _SHORT
    shown = short and min(values.values()) >= _SEVERAL and not any(map(is_personal, values))
    return tuple(sorted(values)) if often and shown else ()


def _formats(values: Iterable[str]) -> list[str]:
    """Return every strptime form that all values have."""
    for forms in (_DATES, _TIMES):
        if fitting := [form for form in forms if all(_moment(text, form) for text in values)]:
            return fitting
    return []


def _moment(text: str, form: str) -> datetime | None:
    found = _regex(form).fullmatch(text)
    if found is None:
        return None
    parts = {name: int(digits) for name, digits in found.groupdict().items()}
    try:
        return datetime(*(parts.get(name, 0) for name in "YmdHMS"))  # type: ignore[arg-type] # noqa: DTZ001 - only to see whether it is real
    except ValueError:
        return None


@cache
def _regex(form: str) -> re.Pattern[str]:
    return re.compile(re.sub("%[a-zA-Z]", lambda found: _GROUPS[found[0]], re.escape(form)))


def _span(values: Counter[str], column: Column, decimal: str) -> Span | None:
    written, form = column.form(decimal), column.plain_format or ISO_DATE
    texts = (written.plain(text) if written else text for text in values)
    moments = [moment for text in texts if (moment := _moment(text, form))]
    return (min(moments), max(moments)) if moments else None


def _only(column: Observed) -> str | None:
    return next(iter(column.values)) if len(column.values) == 1 else None

"""The key pattern of files like the samples, out of their names and the time of their records; the gate never guesses.

A date in a name is the business date if the records are of it. If they are of a day shortly before, or the name has two
dates, the other one tells when the file was made: a stamp. So does a time of the day beside the date.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern
from suimon.contract.partition import Part, Partition, Unit
from suimon.contract.placeholders import ANY, DS, RESERVED_PARTS, STAMP
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_DATE = r"(?P<yyyy>20[0-9]{2})(?P<s>[-_.]?)(?P<MM>0[1-9]|1[0-2])(?P=s)(?P<dd>0[1-9]|[12][0-9]|3[01])"
_SECONDS = r"(?P<ss>[0-5][0-9])(?P<rest>[0-9]{3}|[0-9]{6})?"
_TIME = rf"(?P<HH>[01][0-9]|2[0-3])(?:(?P<t>[-_.]?)(?P<mm>[0-5][0-9])(?:(?P=t){_SECONDS})?)?"
_MOMENT = re.compile(rf"(?<![0-9]){_DATE}(?:(?P<between>[-_./T ]?){_TIME})?(?![0-9])")
_OTHER_TIMES = tuple(
    (re.compile(rf"(?<![0-9])20[0-9]{{2}}{form}(?![0-9])"), placeholder)
    for form, placeholder in (
        ("-W[0-5][0-9]", "{week}"),
        ("W[0-5][0-9]", "{YYYY}W{ww}"),
        ("-(?:0[1-9]|1[0-2])", "{month}"),
        ("_(?:0[1-9]|1[0-2])", "{ds:yyyy_MM}"),
        ("(?:0[1-9]|1[0-2])", "{ds:yyyyMM}"),
    )
)
_FOLDER = re.compile(r"(?:[a-z]+=)?20[0-9]{2}[-_.]?[01][0-9](?:[-_.]?[0-3][0-9])?")  # that is a date and nothing else
_FOLDERS = 3  # above a file, at most, of which the first may be its date
_WHOLE = re.compile(
    r"(?:^|[^a-z])(?:latest|current|newest|snapshot|full|all|master)(?:[^a-z]|$)|最新|全件|マスタ", re.IGNORECASE
)
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
_RANDOM = re.compile(r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[0-9a-f]{4,64}", re.IGNORECASE)
_TOKENS = re.compile(r"(\{[^}]*\}|[^A-Za-z0-9{}]+)")
_MADE_WITHIN = timedelta(days=7)
_WHERE = "where is the file of a business date dropped?"
_WHOLE_TABLE = "does each file replace the whole table? Else write {ds} where its date stands"
NO_DATE = "2000-01-01"
_PART = re.compile("[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, slots=True)
class Records:
    """What the records of one sample say.

    spans: the first and the last moment of each column of dates, the likeliest column first. texts: what stands in
    every record, by column.
    """

    spans: Mapping[str, tuple[datetime, datetime]]
    texts: Mapping[str, str]

    @property
    def days(self) -> list[date]:
        """The days that are the only one of some column, in the order of the columns."""
        return [first.date() for first, last in self.spans.values() if first.date() == last.date()]

    def column_of(self, partition: Partition) -> str | None:
        """Return a column whose values all lie in the time of a partition."""
        return next((name for name, span in self.spans.items() if is_within(span, partition)), None)


@dataclass(frozen=True, slots=True)
class Key:
    """The key pattern that seems right, what a person must look at, and the partition of each sample."""

    pattern: KeyPattern
    doubt: str
    partitions: tuple[str, ...]


def is_within(span: tuple[datetime, datetime], partition: Partition) -> bool:
    """Whether both ends of a span lie in the time of a partition."""
    if partition.first is None or partition.last is None:
        return False
    hours = partition.hour is None or {one.hour for one in span} == {partition.hour}
    return partition.first <= span[0].date() and span[1].date() <= partition.last and hours


def guess_key(dataset: str, paths: Sequence[Path], records: Sequence[Records]) -> Key:
    """Return the key pattern of files with these names and records; a folder for each date where they name none."""
    names = [_named(path, dataset) for path in paths]
    found = [_pattern(name, one) for name, one in zip(names, records, strict=True)]
    texts = list(dict.fromkeys(text for text, _ in found))
    text, doubts = texts[0], list(dict.fromkeys(doubt for _, doubt in found if doubt))
    parts: tuple[Part, ...] = ()
    if texts[1:] and (together := _together([one for one, _ in found], records)):
        text, parts, doubt = together
        doubts.append(doubt)
    elif texts[1:]:
        doubts.append(f"By the other samples' names: {', '.join(f'{dataset}/{one}' for one in texts[1:])}.")

    def read(pattern: KeyPattern) -> list[str | None]:
        return [_partition(pattern, dataset, name, one) for name, one in zip(names, records, strict=True)]

    with suppress(ContractError):  # such as two places that nothing keeps apart
        pattern = KeyPattern(f"{dataset}/{text}", parts)
        if (first := read(pattern)[0]) is not None:
            where = _WHOLE_TABLE if pattern.unit is Unit.NONE else _WHERE
            return Key(pattern, " ".join([where, *doubts]), tuple(one or first for one in read(pattern)))
    pattern = KeyPattern(f"{dataset}/{DS}/{names[0]}")
    return Key(pattern, _WHERE, tuple(one or NO_DATE for one in read(pattern)))


def _named(path: Path, dataset: str) -> str:
    """Return the name of a sample, with the folders above it from that on which is a date."""
    above = () if _MOMENT.search(path.name) else path.parts[:-1][-_FOLDERS:]
    first = next((place for place, folder in enumerate(above) if _FOLDER.fullmatch(folder)), len(above))
    name = "/".join((*above[first:], path.name))
    return f"{dataset}.csv" if set("{}") & set(name) else name


def _pattern(name: str, records: Records) -> tuple[str, str]:
    """Return a name with placeholders in it, and what is doubtful about them."""
    moments = [found for found in _MOMENT.finditer(name) if _day(found)]
    if not moments:
        for form, placeholder in _OTHER_TIMES:
            if form.search(name):
                return form.sub(placeholder, name), ""
        return (name, "") if _WHOLE.search(name) and "/" not in name else (f"{DS}/{name}", "")
    business = next((found for found in moments if _day(found) in records.days), None)
    made = business is None and _is_made_later(moments[0], records)
    business = business or (None if made else moments[0])
    text, end, doubts = "" if business else f"{DS}/", 0, list[str]()
    for found in moments:
        same = business and _day(found) == _day(business)
        placeholders, doubt = _of_date(found, name, records) if same else _of_stamp(found)
        text += name[end : found.start()] + placeholders
        end = found.end()
        doubts += [doubt] if doubt else []
    text += name[end:]
    if made:
        doubts = [f"Its records are of {records.days[0]}: the time in its name is that at which it was made: {STAMP}."]
    return (_without_random(text) if "{stamp" in text else text), " ".join(dict.fromkeys(doubts))


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found["yyyy"]), int(found["MM"]), int(found["dd"]))
    except ValueError:
        return None


def _is_made_later(found: re.Match[str], records: Records) -> bool:
    day = _day(found)
    return day is not None and any(timedelta() < day - one <= _MADE_WITHIN for one in records.days)


def _of_date(found: re.Match[str], name: str, records: Records) -> tuple[str, str]:
    """Return the placeholders of a business date, and of the time behind it."""
    form, s = f"yyyy{found['s']}MM{found['s']}dd", found["s"]
    day = DS if s == "-" else f"{{ds:{form}}}"
    if not found["HH"]:
        return day, ""
    between, clock = found["between"], name[found.start("HH") : found.end()]
    if found["mm"]:
        doubt = f"Of the files of a date that with the newest time ({clock}) counts: {STAMP}. Or is it an {{hour}}?"
        return f"{day}{between}{_time_of_stamp(found)}", doubt
    hour = Partition(Unit.HOUR, _day(found), int(found["HH"]))
    if between and between != "T" and not records.column_of(hour):
        return f"{day}{between}{clock}", f"Is {clock} an hour, {{hour}}, or a part of a set, {{shard}}?"
    return f"{{ds:{form}HH}}" if not between else f"{day}{between}{{hour}}", ""


def _of_stamp(found: re.Match[str]) -> tuple[str, str]:
    """Return the placeholders of the time at which a file was made."""
    day, between = f"yyyy{found['s']}MM{found['s']}dd", found["between"] or ""
    if not found["HH"]:
        return f"{{stamp:{day}}}", ""
    if between == "T":
        return f"{{stamp:{day}}}T{_time_of_stamp(found)}", ""
    clock = _time_of_stamp(found).removeprefix("{stamp:")
    whole = f"{{stamp:{day}{between}{clock}"
    return whole.replace("{stamp:yyyyMMddHHmmss}", STAMP), ""


def _time_of_stamp(found: re.Match[str]) -> str:
    t = found["t"] or ""
    clock = t.join(letters for letters in ("HH", "mm", "ss") if found[letters])
    return f"{{stamp:{clock}}}" + (ANY if found["rest"] else "")


def _without_random(text: str) -> str:
    """Put {any} for what was drawn at random for a name."""
    if len(_UUID.findall(text)) == 1:
        return _UUID.sub(ANY, text)
    tokens = _TOKENS.split(text)
    drawn = [place for place, token in enumerate(tokens) if _RANDOM.fullmatch(token)]
    if len(drawn) == 1 and ANY not in text:
        tokens[drawn[0]] = ANY
    return "".join(tokens)


def _together(texts: Sequence[str], records: Sequence[Records]) -> tuple[str, tuple[Part, ...], str] | None:
    """Return the one pattern of texts that differ in one word each, None if they differ otherwise."""
    tokens = [_TOKENS.split(text) for text in texts]
    if len({len(one) for one in tokens}) > 1:
        return None
    [*different] = (place for place, words in enumerate(zip(*tokens, strict=True)) if len(set(words)) > 1)
    words = [one[different[0]] for one in tokens]
    if len(different) > 1 or not all(re.fullmatch("[A-Za-z0-9]{1,64}", word) for word in words):
        return None
    first = list(tokens[0])
    if "{stamp" in texts[0] and len(set(words)) == len(words):
        first[different[0]] = ANY
        return "".join(first), (), f"What differs from name to name tells nothing: {ANY}."
    columns = [
        {name for name, text in one.texts.items() if text == word} for one, word in zip(records, words, strict=True)
    ]
    held = set.intersection(*columns) - RESERVED_PARTS
    name = min((name for name in held if _PART.fullmatch(name)), default="part")
    first[different[0]] = f"{{{name}}}"
    doubt = "Parts of one set would be {shard}."
    return "".join(first), (Part(name, tuple(sorted(set(words)))),), doubt


def _partition(pattern: KeyPattern, dataset: str, name: str, records: Records) -> str | None:
    """Return the partition of a sample, None if its name is none of the pattern; without a date that of its records."""
    day = next(iter(records.days), date.fromisoformat(NO_DATE))
    return pattern.match(f"{dataset}/{name}") or pattern.match(f"{dataset}/{day}/{name}")

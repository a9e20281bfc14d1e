"""What people paste at three in the morning: ids and keys as mails, consoles and other tools write them, and dates."""

from __future__ import annotations

import re
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import click

from suimon.aws.clock import utc_now
from suimon.cli.words import phrase
from suimon.contract.partition import OTHER_FORMS, is_date, is_partition

if TYPE_CHECKING:
    from collections.abc import Iterable

_AROUND: Final = " \t\r\n'\"`‘’“”<>「」,;"
_ARN: Final = "arn:aws:s3:::"
# S3's own names of hosts, of a bucket or with the bucket in the path.
_HOST: Final = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com")
_CONSOLE: Final = re.compile(r"/s3/(?:object|buckets)/(?P<bucket>[^/]+)")
_OPEN: Final = {"…", "..."}
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_NO_YEAR: Final = re.compile(r"(\d{1,2})[-/.月](\d{1,2})日?")
_DAYS_AGO: Final = {"today": 0, "yesterday": 1, "今日": 0, "昨日": 1, "一昨日": 2}


class Pasted(click.ParamType[str]):
    """A word without the quotes and blanks that came with it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return it as it was meant."""
        return _named(plain(value), param, ctx)


class PartitionOf(click.ParamType[str]):
    """A partition; another form of a date is refused with the one that was probably meant, never taken for it."""

    name = "partition"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return it as it is written."""
        text = _named(plain(value), param, ctx)
        if text and not is_partition(text):
            raise _wrong(not_a_partition(text, utc_now().astimezone().date()), param, ctx)
        return text


class Reason(click.ParamType[str]):
    """Why a person does something; commands that are printed leave it open as an ellipsis."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return it as it is written."""
        if str(value).strip() in _OPEN:
            raise _wrong(phrase("write why, in the place of {value}", value=value), param, ctx)
        return value


def _named(text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
    """Return a text; an argument that is empty is refused: of no name there is nothing, which reads as all well."""
    if not text and isinstance(param, click.Argument):
        raise _wrong(phrase("it is empty: is a variable of your shell not set?"), param, ctx)
    return text


def _wrong(why: str, param: click.Parameter | None, ctx: click.Context | None) -> click.UsageError:
    if param is None or ctx is None:
        return click.UsageError(why)
    return click.UsageError(phrase("Invalid value for {what}: {why}", what=param.get_error_hint(ctx), why=why), ctx)


PASTED, PARTITION, REASON = Pasted(), PartitionOf(), Reason()


def plain(text: str) -> str:
    """Return a text without what mails, chats and shells put around it."""
    return text.strip(_AROUND)


def is_drop_id(text: str) -> bool:
    """Whether a text is a drop's id, or as much of one as was copied."""
    return bool(re.fullmatch(r"[0-9a-f]{4,16}", text))


def split_address(address: str) -> tuple[str, str]:
    """Return the bucket and the key of s3://bucket/key, also as a console or S3 itself writes it; else UsageError."""
    bucket, name = _address(address)
    if not (bucket and name):
        raise click.UsageError(phrase("{address!r} is not written s3://bucket/key", address=address))
    return bucket, name


def is_address(text: str) -> bool:
    """Whether a text is an address in S3, right or wrong."""
    return text.startswith(("s3://", "https://", "http://", _ARN))


def _address(text: str) -> tuple[str, str]:
    for start in ("s3://", _ARN):
        if text.startswith(start):
            bucket, _, name = text.removeprefix(start).partition("/")
            return bucket, name
    try:
        found = urlsplit(text)
    except ValueError:
        return "", ""
    path, asked = unquote(found.path), parse_qs(found.query)
    if console := _CONSOLE.match(found.path):
        return console["bucket"], asked.get("prefix", [""])[0]
    if not (host := _HOST.fullmatch(found.hostname or "")):
        return "", ""
    bucket, _, name = (host["bucket"], "", path[1:]) if host["bucket"] else path[1:].partition("/")
    return bucket, name


def not_a_partition(text: str, today: date) -> str:
    """Return what is wrong with a text that is no partition, with the date that was probably meant."""
    other = "{text!r} is not a date written YYYY-MM-DD, nor another partition (such as {forms})"
    wrong, meant = phrase(other, text=text, forms=OTHER_FORMS), _meant(text, today)
    return wrong + phrase("; did you mean {name}?", name=meant) if meant else wrong


def _meant(text: str, today: date) -> str:
    """Return the date that a text probably means, by the calendar of whoever types it; the last one without a year."""
    if (days := _DAYS_AGO.get(text.lower())) is not None:
        return str(today - timedelta(days=days))
    if whole := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, whole.groups())
        return _date(year, month, day)
    if short := _NO_YEAR.fullmatch(text):
        month, day = map(int, short.groups())
        month, day = (day, month) if month > 12 else (month, day)  # noqa: PLR2004 months of a year
        found = _date(today.year, month, day)
        return _date(today.year - 1, month, day) if found > str(today) else found
    return ""


def _date(year: int, month: int, day: int) -> str:
    text = f"{year:04}-{month:02}-{day:02}"
    return text if is_date(text) else ""


def like(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the name that is most like this one; nothing when none is."""
    found = get_close_matches(name, list(known), 1)
    return phrase("; did you mean {name}?", name=found[0]) if found else ""

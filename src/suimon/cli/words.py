"""What the commands say: in English in the code, in Japanese in `suimon.cli.japanese`.

A text in braces is filled in. What the stack has stored (reasons, errors) stays as it was written, but incidents, which
it has in both languages. JSON is English.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from suimon.cli.japanese import JAPANESE
from suimon.cli.printing import can_show
from suimon.contract.file import LANGUAGES

if TYPE_CHECKING:
    from suimon.contract.file import Language

_SPOKEN = "suimon.language"  # of a command and those below it, in click's context


def _speak(ctx: click.Context, _param: click.Parameter, value: Language) -> Language:
    ctx.meta[_SPOKEN] = readable(value)
    return value


lang_option = click.option(
    "--lang",
    is_eager=True,  # what is wrong with another option is said in it
    callback=_speak,
    type=click.Choice(LANGUAGES),
    envvar="SUIMON_LANG",
    show_envvar=True,
    default="en",
    show_default=True,
    help="The language of what is said; what is stored, and what AWS says, stays as it was written.",
)


def readable(chosen: Language) -> Language:
    """Return the language, or English where the console cannot show it."""
    return chosen if chosen == "en" or can_show(JAPANESE["date"]) else "en"


def say(english: str, language: Language, **values: object) -> str:
    """Return a text in a language with its values filled in; KeyError for one that has no Japanese."""
    return (english if language == "en" else JAPANESE[english]).format(**values)


def moment(at: datetime, language: Language) -> str:
    """Return a date and a time with the day of the week, as that zone has it."""
    if language == "en":
        return f"{at:%a %Y-%m-%d %H:%M}"
    return f"{at:%Y-%m-%d}（{'月火水木金土日'[at.weekday()]}）{at:%H:%M}"


def spoken() -> Language:
    """Return the language of the command that runs, as far as its console can show it; English before it is known."""
    context = click.get_current_context(silent=True)
    found: Language = context.meta.get(_SPOKEN, "en") if context else "en"
    return found


def asked_for() -> Language:
    """Return the language of a command line that may not have been read to its option: else that of SUIMON_LANG."""
    context = click.get_current_context(silent=True)
    known = context.meta.get(_SPOKEN) if context else None
    given = known or os.environ.get("SUIMON_LANG", "en")
    return readable("ja") if given == "ja" else "en"


def phrase(english: str, **values: object) -> str:
    """Return a text, as of a refusal, in the language of the command that runs."""
    return say(english, spoken(), **values)


def minute(text: str) -> str:
    """Return a time of JSON (ISO 8601 with its offset) to the minute."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def named(name: str, language: Language) -> str:
    """Return a name in a language; as it is if there is no Japanese of it, as of what a later release has."""
    return say(name, language) if name in JAPANESE else name

"""What the commands say: in English in the code, in Japanese in `suimon.cli.japanese`.

A text in braces is filled in. What the stack has stored (subjects and messages of incidents, reasons, errors) stays as
it was written, and so does JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suimon.cli.japanese import JAPANESE
from suimon.cli.printing import can_show
from suimon.contract.file import LANGUAGES

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.file import Language

lang_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    envvar="SUIMON_LANG",
    show_envvar=True,
    default="en",
    show_default=True,
    help="The language of what is said; what is stored stays as it was written. Refusals and errors are English.",
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


def named(name: str, language: Language) -> str:
    """Return a name in a language; as it is if there is no Japanese of it, as of what a later release has."""
    return say(name, language) if name in JAPANESE else name

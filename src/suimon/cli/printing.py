"""Printing what comes from files and services: for people, and as JSON for programs."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from suimon.report.console import Terminal

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 240  # of what no person looks at: keys stay in one piece
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Write JSON (docs/commands.schema.json), and nothing else."
)


def console_for_people() -> Console:
    """Return a console of the terminal's width; where nobody looks, as in a pipe, nothing is folded."""
    return Terminal(width=None if sys.stdout.isatty() else _WIDE)


def print_plain(console: Console, text: str, style: str = "") -> None:
    """Print a text as it is: keys and errors are no markup, and ARNs stay in one piece."""
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def print_json(found: Any, *, indent: int | None = 2) -> None:
    """Print JSON that is JSON on every console: one that cannot show a character gets JSON's own escape of it."""
    text = json.dumps(found, ensure_ascii=False, default=_plain, indent=indent)
    click.echo(text if can_show(text) else json.dumps(found, default=_plain, indent=indent))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def can_show(text: str) -> bool:
    """Whether standard output can show a text in its encoding."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""Printing what comes from files and services."""

import sys

from rich.console import Console

from suimon.report.console import Terminal

_WIDE = 240  # of what no person looks at: keys stay in one piece


def console_for_people() -> Console:
    """Return a console of the terminal's width; where nobody looks, as in a pipe, nothing is folded."""
    return Terminal(width=None if sys.stdout.isatty() else _WIDE)


def print_plain(console: Console, text: str, style: str = "") -> None:
    """Print a text as it is: keys and errors are no markup, and ARNs stay in one piece."""
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

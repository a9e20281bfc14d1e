"""Printing what comes from files and services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_plain(console: Console, text: str, style: str = "") -> None:
    """Print a text as it is: keys and errors are no markup, and ARNs stay in one piece."""
    console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

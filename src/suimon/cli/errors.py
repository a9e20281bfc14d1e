"""How commands fail, or are interrupted."""

from __future__ import annotations

from typing import IO, Any

import click

from suimon.cli.words import phrase


class CommandError(click.ClickException):
    """A command that could not do its work; exit status 2. The message says why, and what to do, in its language.

    then: the command to type next, if there is one, with the stack's name.
    """

    exit_code = 2

    def __init__(self, why: str, *, then: str = "") -> None:
        super().__init__(f"{why}\n  {then}" if then else why)
        self.why = why


class RefusedError(click.ClickException):
    """What was asked cannot be done, or there is nothing of the kind; exit status 1. `then`: as of CommandError."""

    exit_code = 1

    def __init__(self, why: str, *, then: str) -> None:
        super().__init__(f"{why}\n  {then}")
        self.why = why


class InterruptedByPersonError(click.ClickException):
    """Ctrl-C in the middle; exit status 130, as shells say it. `then`: the command that shows what was done."""

    exit_code = 130

    def __init__(self, what: str, *, then: str) -> None:
        super().__init__(phrase("Interrupted: {what}", what=f"{what}\n  {then}"))

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it; it is no error of anybody's."""
        click.echo(f"\n{self.message}", err=True, file=file)

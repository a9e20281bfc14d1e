"""How commands fail."""

from __future__ import annotations

import click


class CommandError(click.ClickException):
    """A command that could not do its work; exit status 2. The message says why, and what to do."""

    exit_code = 2

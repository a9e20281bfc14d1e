"""The `suimon` command. A command's module is imported when it is called: nobody waits for what another one needs."""

from importlib import import_module
from typing import Any

import click

_COMMANDS = {
    "check": ("suimon.check.cli", "Check a file against its contract, as the gate would."),
    "contract": ("suimon.contract.cli", "Propose, check and compile contracts."),
    "replay": ("suimon.replay_cli", "Run the drops of a range of dates again."),
    "warehouse": ("suimon.warehouse.cli", "Make the warehouse's tables."),
}


class _Commands(click.Group):
    """Commands that stand in modules of their own, each under its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)  # as shells say it; click's 1 would say that a file is rejected

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Suimon: the water gate in front of the pipelines that Amazon MWAA runs."""

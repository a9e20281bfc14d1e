"""The `suimon` command. A command's module is imported when it is called: nobody waits for what another one needs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from suimon.cli.console import make_writable, mute

_COMMANDS = {
    "check": ("suimon.cli.check", "Check a file against its contract, as the gate would."),
    "contract": ("suimon.cli.contract", "Check and compile contracts."),
    "dataset": ("suimon.cli.dataset", "A new dataset: propose it, check it, try it."),
    "doctor": ("suimon.cli.doctor", "Check that a deployed stack is as it must be."),
    "drops": ("suimon.cli.drops", "List drops: of a partition, of a key, or in a state."),
    "expect": ("suimon.cli.expect", "Say that a file will not come, or will after all."),
    "explain": ("suimon.cli.explain", "The life of one file: what became of it, why, and what is next."),
    "forecast": ("suimon.cli.forecast", "What is expected when, and how it is."),
    "hold": ("suimon.cli.hold", "Let no run of a dataset start for a while."),
    "put": ("suimon.cli.put", "Send a file as an upstream system would."),
    "incidents": ("suimon.cli.incidents", "List the open incidents, the worst first, or show one."),
    "ack": ("suimon.cli.incidents", "Say that somebody is at an incident."),
    "snooze": ("suimon.cli.incidents", "Hear nothing of an incident for a while."),
    "close": ("suimon.cli.incidents", "Close an incident, though its cause may still be there."),
    "reconcile": ("suimon.cli.reconcile", "Find what fell between bucket, ledger and runs, and set it right."),
    "release": ("suimon.cli.hold", "End a hold: what was held is started."),
    "replay": ("suimon.cli.replay", "Run the drops of a range of dates again: plan, ask, execute."),
    "retry": ("suimon.cli.retry", "Replay everything whose run has failed."),
    "report": ("suimon.cli.report", "Fetch the report on a rejected file, or a link for its sender."),
    "retract": ("suimon.cli.retract", "Take a file back: what was loaded before is loaded again."),
    "status": ("suimon.cli.status", "What needs a person: open incidents, held datasets, files that are due."),
    "tail": ("suimon.cli.tail", "Drops, runs and incidents as they happen."),
    "warehouse": ("suimon.cli.warehouse", "Make the warehouse's tables."),
}


# Ctrl-C finds nothing done by these. What changes something says itself what may have been done, and how to see.
_LOOKING = ("check", "doctor", "drops", "explain", "forecast", "incidents", "status", "tail")
_NOTHING_DONE = {None, *_LOOKING, "put", "reconcile", "replay", "retry"}


class _UnexpectedError(click.ClickException):
    """A fault of this program, or of the machine: exit status 2, as it is no verdict."""

    exit_code = 2

    def __init__(self, error: Exception) -> None:
        said = " ".join(str(error).split())
        from suimon.cli.words import phrase  # noqa: PLC0415 most commands end well

        kind, of = type(error).__name__, f": {said}" if said else ""
        super().__init__(phrase("unexpected {kind}{said}", kind=kind, said=of))


def _failure(error: Exception) -> click.ClickException:
    """Return what people are told of an error that no command knows: AWS's own words, if it is AWS that refuses."""
    if not type(error).__module__.startswith("botocore."):
        return _UnexpectedError(error)
    from suimon.cli.errors import CommandError  # noqa: PLC0415 most commands end well
    from suimon.cli.stack import advice  # noqa: PLC0415 likewise

    return CommandError(advice(error))  # type: ignore[arg-type] # of botocore's, these two reach a caller


def _worded(error: click.UsageError) -> click.UsageError:
    """Return an error of the command line in the language of the command, its message alone: usage is English."""
    from suimon.cli.japanese.parser import in_japanese  # noqa: PLC0415 likewise
    from suimon.cli.words import asked_for  # noqa: PLC0415 likewise

    if asked_for() == "en":
        return error
    return click.UsageError(in_japanese(error.format_message()), error.ctx)


@contextmanager
def _region_as_other_tools() -> Iterator[None]:
    """Take the region of AWS_REGION, as AWS's other tools do: boto3 alone reads nothing but AWS_DEFAULT_REGION."""
    before, region = os.environ.get("AWS_DEFAULT_REGION"), os.environ.get("AWS_REGION")
    if not region or before:
        yield
        return
    os.environ["AWS_DEFAULT_REGION"] = region
    try:
        yield
    finally:
        os.environ.pop("AWS_DEFAULT_REGION", None)


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
            nothing = ctx.invoked_subcommand in _NOTHING_DONE
            from suimon.cli.words import phrase  # noqa: PLC0415 Ctrl-C finds no handler while this is imported

            what = phrase("nothing was changed.") if nothing else phrase("what was done stays.")
            click.echo(f"\n{phrase('Interrupted: {what}', what=what)}", err=True)
            ctx.exit(130)  # as shells say it; click's 1 would say that a file is rejected
        except click.UsageError as error:
            raise _worded(error) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # likewise
            mute()
            ctx.exit(2)
        except Exception as error:  # likewise
            raise _failure(error) from error

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; what cannot even be told ends with 2 as well."""
        if "_SUIMON_COMPLETE" not in os.environ:  # for then a shell reads the answer, in bytes
            make_writable()
        try:
            with _region_as_other_tools():
                return super().main(*args, **kwargs)
        except OSError:  # standard error is gone
            mute()
            sys.exit(2)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="suimon", message="suimon %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Suimon: the water gate in front of the pipelines that Amazon MWAA runs. Without a command: `suimon status`."""
    if ctx.invoked_subcommand is None:
        import_module("suimon.cli.status").status.main([], prog_name="suimon status", standalone_mode=False)

"""`suimon replay` and `suimon retry`: show the plan of a replay, execute exactly that, and follow it to its end."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from suimon.cli.errors import CommandError
from suimon.cli.printing import print_plain
from suimon.cli.replay_view import show, show_plan
from suimon.cli.stack import advice, of_stack, outputs_of, stack_option
from suimon.clock import utc_now
from suimon.drops.states import State
from suimon.ledger.queries import Wanted, find, newest_first
from suimon.replay.execution import Progress, ReplayError, Target, ask_plan, follow, start
from suimon.replay.plan import DEFAULT_CONCURRENCY, MAX_CONCURRENCY, Order, Request, RequestError, What, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

concurrency_option = click.option(
    "--max-concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    default=DEFAULT_CONCURRENCY,
    show_default=True,
    help="How many drops of a dataset may run at once.",
)
reason_option = click.option("--reason", default="", help="Kept with the execution.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan, and start nothing.")


@click.command()
@click.argument("dataset")
@click.option(
    "--from", "first", required=True, metavar="YYYY-MM-DD", help="First day, or other partition such as 2026-11."
)
@click.option("--to", "last", required=True, metavar="YYYY-MM-DD", help="Last day or other partition, included.")
@click.option(
    "--what",
    type=click.Choice([str(what) for what in What]),
    default=str(What.ALL),
    show_default=True,
    help="Which days, by their newest file; missing: a file has come, and nothing of the day is in the table.",
)
@click.option(
    "--order",
    type=click.Choice([str(order) for order in Order]),
    default=str(Order.OLDEST),
    show_default=True,
    help="Which day begins first.",
)
@concurrency_option
@reason_option
@dry_run_option
@click.option("--plan", default="", metavar="ID", help="Execute this plan of an earlier --dry-run, without asking.")
@yes_option
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: write the plan as JSON.")
@click.option(
    "--contract",
    "new_contract",
    default="",
    metavar="FILE|DATASET",
    help="With --dry-run: check the stored files by this contract, and show which verdicts would change.",
)
@stack_option
def replay(
    *,
    dataset: str,
    first: str,
    last: str,
    what: str,
    order: str,
    max_concurrency: int,
    reason: str,
    stack: str,
    plan: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    new_contract: str,
) -> None:
    """Run the newest drop of each day of a range again: show the plan, ask, execute exactly that, and follow it.

    Each drop is checked and loaded again as its next attempt; loading again leaves the table as it was. A plan that the
    ledger has overtaken is refused. The AWS account is that of the usual AWS environment variables. Exit status: 0 all
    loaded or nothing to do for it, 1 some not loaded or nothing to replay, 2 nothing was done.
    """
    if as_json and not dry_run:
        raise CommandError("--json shows a plan: give --dry-run with it")
    if new_contract and not dry_run:
        raise CommandError(
            "--contract only shows what would change: give --dry-run with it; a replay takes the stack's"
        )
    wanted: dict[str, Any] = {"dataset": dataset, "from": first, "to": last, "what": what, "order": order, "plan": plan}
    wanted |= {"max_concurrency": max_concurrency, "reason": reason}
    try:
        Request.from_event(wanted)
        replays = Replays.of(stack, Console())
        found = replays.plan(wanted)
    except (RequestError, ReplayError) as error:
        raise CommandError(str(error)) from error
    if new_contract:
        from suimon.cli.whatif import what_if  # noqa: PLC0415 - no other replay checks files here

        raise SystemExit(what_if(found, new_contract, dataset, stack, as_json=as_json))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    show_plan(replays.console, found)
    if not found["items"]:
        raise SystemExit(0 if dry_run else 1)
    if not plan and not yes and (dry_run or not agreed(f"Replay these {len(found['items'])}?")):
        words = ["suimon", "replay", dataset, "--from", first, "--to", last, "--what", what, "--order", order]
        words += ["--max-concurrency", str(max_concurrency), "--plan", found["plan"]]
        words += ["--reason", reason] if reason else []
        print_plain(replays.console, "Nothing was started. To execute exactly this plan:")
        print_plain(replays.console, f"  {shlex.join(words)}{of_stack(stack)}")
        raise SystemExit(0 if dry_run else CommandError.exit_code)
    if dry_run:
        print_plain(replays.console, "Nothing was started.")
        return
    raise SystemExit(replays.execute([wanted | {"plan": found["plan"]}]))


@click.command()
@concurrency_option
@reason_option
@dry_run_option
@yes_option
@stack_option
def retry(*, max_concurrency: int, reason: str, dry_run: bool, yes: bool, stack: str) -> None:
    """Replay every file of every dataset whose run has failed and that is still open, the newest day first.

    The plan is shown, and asked for once. Exit status: 0 all loaded or nothing has failed, 1 some not loaded, 2 nothing
    was done.
    """
    replays = Replays.of(stack, Console())
    wanted, left_out = list[dict[str, Any]](), 0
    for dataset, first, last in replays.failed():
        asked: dict[str, Any] = {"dataset": dataset, "from": first, "to": last, "what": "failed", "order": "newest"}
        asked |= {"max_concurrency": max_concurrency, "reason": reason}
        try:
            found = replays.plan(asked)
        except ReplayError as error:  # as of a held dataset: the others go ahead
            print_plain(replays.console, f"{dataset} {first} to {last} left out: {error}", "yellow")
            left_out += 1
            continue
        if found["items"]:
            show_plan(replays.console, found | {"skipped": [], "others": 0})
            wanted.append(asked | {"plan": found["plan"]})
    if not wanted:
        print_plain(
            replays.console, "Nothing was started: nothing else has failed." if left_out else "Nothing has failed."
        )
        raise SystemExit(1 if left_out else 0)
    if dry_run or not (yes or agreed("Replay all of these?")):
        print_plain(replays.console, "Nothing was started.")
        raise SystemExit(0 if dry_run else CommandError.exit_code)
    raise SystemExit(replays.execute(wanted) or min(left_out, 1))


@dataclass(frozen=True)
class Replays:
    """The replays of a stack, on a console."""

    target: Target
    console: Console

    @classmethod
    def of(cls, stack: str, console: Console) -> Replays:
        """Read what replays use from the stack's outputs."""
        return cls(Target(*outputs_of(stack, "ReplayStateMachineArn", "ReplayFunctionName", "LedgerTable")), console)

    def plan(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Ask for the plan of a request; ReplayError when it is refused."""
        try:
            return ask_plan(boto3.client("lambda"), self.target.function, wanted)
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error

    def failed(self) -> Sequence[tuple[str, str, str]]:
        """List the ranges of days that have a failed drop, by dataset, the newest first."""
        try:
            table = boto3.resource("dynamodb").Table(self.target.ledger_table)
            found = {record.match for record in newest_first(table, Wanted(state=State.FAILED)) if record.match}
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error
        return windows((match.dataset, match.partition) for match in found)

    def execute(self, wanted: Sequence[dict[str, Any]]) -> int:
        """Start the planned requests, follow each to its end, and return the exit status of all."""
        sfn = boto3.client("stepfunctions")
        executions = list[str]()
        try:
            for one in wanted:
                executions.append(start(sfn, self.target.state_machine, one, utc_now()))
                print_plain(self.console, f"Replay {executions[-1]}")
            table = boto3.resource("dynamodb").Table(self.target.ledger_table)
            followed = [show(self.console, one, follow(sfn, one, partial(find, table))) for one in executions]
        except ReplayError as error:
            raise CommandError(str(error)) from error
        except (ClientError, BotoCoreError) as error:
            runs = (
                f"\nWhat was started runs on, only following it failed: {', '.join(executions)}" if executions else ""
            )
            raise CommandError(f"{advice(error)}{runs}") from error
        return max(exit_status(end) for end in followed)


def exit_status(end: Progress) -> int:
    """Return 0 when all was loaded, 1 when something was not, 2 when nothing could be planned."""
    if end.error == "Suimon.PlanFailed":
        return CommandError.exit_code
    return 0 if end.status == "SUCCEEDED" and end.rows else 1


def agreed(question: str) -> bool:
    """Ask a person; without one (the input has ended) nobody agrees."""
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo()
        return False

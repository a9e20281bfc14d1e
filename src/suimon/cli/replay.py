"""`suimon replay`: show the plan of a replay, execute exactly that, follow it, stop it, resume it."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from suimon.cli.errors import CommandError
from suimon.cli.pasted import PARTITION, PASTED
from suimon.cli.printing import print_json, print_plain
from suimon.cli.replay_view import show_list, show_plan, show_stopped
from suimon.cli.replays import (
    Replays,
    agreed,
    concurrency_option,
    dry_run_option,
    reason_option,
    tolerate_option,
    yes_option,
)
from suimon.cli.stack import stack_option
from suimon.cli.words import lang_option, phrase, say, spoken
from suimon.drops.wording import in_language
from suimon.replay.execution import ReplayError
from suimon.replay.plan import Item
from suimon.replay.request import DamagedItemsError, Order, Request, RequestError, StalePlanError, What
from suimon.report.console import Terminal

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.command()
@click.argument("dataset", type=PASTED)
@click.option(
    "--from",
    "first",
    type=PARTITION,
    metavar="PARTITION",
    help="First partition: a day as YYYY-MM-DD, or an hour, week, month.",
)
@click.option("--to", "last", type=PARTITION, metavar="PARTITION", help="Last partition, included.")
@click.option(
    "--what",
    type=click.Choice([str(what) for what in What]),
    default=str(What.ALL),
    show_default=True,
    help="Which of them, by their newest file; missing: a file has come, and nothing of it is in the table.",
)
@click.option(
    "--order",
    type=click.Choice([str(order) for order in Order]),
    default=str(Order.OLDEST),
    show_default=True,
    help="Which partition begins first.",
)
@concurrency_option
@tolerate_option
@click.option(
    "--as-accepted", is_flag=True, help="Load each accepted copy by the contract that it was accepted by, unchecked."
)
@reason_option
@dry_run_option
@click.option("--plan", default="", metavar="ID", help="Execute this plan of an earlier --dry-run, without asking.")
@yes_option
@click.option("--list", "listing", is_flag=True, help="List the replays of the dataset, newest first.")
@click.option("--follow", default="", metavar="ID", help="Follow a replay that runs, or show how it ended.")
@click.option("--stop", default="", metavar="ID", help="Stop a replay: what has begun runs to its end.")
@click.option("--resume", default="", metavar="ID", help="Plan what an earlier replay has not begun.")
@click.option(
    "--json", "as_json", is_flag=True, help="With --dry-run, --list or --stop: write JSON (docs/commands.schema.json)."
)
@click.option(
    "--contract",
    "new_contract",
    default="",
    metavar="FILE|DATASET",
    help="With --dry-run: check the stored files by this contract, and show which verdicts would change.",
)
@lang_option
@stack_option
def replay(
    *,
    dataset: str,
    first: str | None,
    last: str | None,
    listing: bool,
    follow: str,
    stop: str,
    resume: str,
    lang: Language,
    stack: str,
    as_json: bool,
    **how: Any,
) -> None:
    """Run the newest drop of each partition of a range again: show the plan, ask, execute exactly that, and follow it.

    Each drop is checked and loaded again as its next attempt; loading again leaves the table as it was. A plan that the
    ledger has overtaken is refused, and so is a range that another replay runs over. The AWS account is that of the
    usual AWS environment variables. Exit status: 0 all loaded or nothing to do for it, 1 some not loaded or nothing to
    replay, 2 nothing was done.
    """
    if how["new_contract"] and not how["dry_run"]:
        raise click.UsageError(
            phrase("--contract only shows what would change: give --dry-run with it; a replay takes its stack's")
        )
    if sum(map(bool, (listing, follow, stop, resume))) > 1:
        raise click.UsageError(phrase("give one of --list, --follow, --stop and --resume"))
    if as_json and not (how["dry_run"] or listing or stop):
        raise click.UsageError(
            phrase("--json writes a plan, a list or a summary: give --dry-run, --list or --stop with it")
        )
    if not (listing or follow or stop or resume or (first and last)):
        raise click.UsageError(phrase("give --from and --to"))
    wanted: dict[str, Any] = {"dataset": dataset, "from": first, "to": last}
    wanted |= {name: how[name] for name in ("what", "order", "max_concurrency", "tolerate", "as_accepted", "reason")}
    if first:
        _refuse_nonsense(wanted)
    replays = Replays.of(stack, Terminal(), lang)
    if listing:
        _list(replays, dataset, as_json=as_json)
    elif follow:
        raise SystemExit(replays.follow(replays.record(dataset, follow)))
    elif stop:
        _stop(replays, dataset, stop, how["reason"], as_json=as_json)
    elif resume:
        before = replays.record(dataset, resume)
        wanted |= {"from": before.first, "to": before.last, "order": before.order, "what": str(What.ALL)}
        wanted |= {"resume": resume, "as_accepted": before.as_accepted, "reason": how["reason"] or before.reason}
        wanted["max_concurrency"] = how["max_concurrency"] or before.max_concurrency
        wanted["tolerate"] = before.tolerate if how["tolerate"] is None else how["tolerate"]
        _plan_and_execute(replays, stack, wanted, how, as_json=as_json)
    else:
        _plan_and_execute(replays, stack, wanted, how, as_json=as_json)


def _plan_and_execute(
    replays: Replays, stack: str, wanted: dict[str, Any], how: dict[str, Any], *, as_json: bool
) -> None:
    try:
        found = replays.plan(wanted | {"plan": how["plan"]})
    except ReplayError as error:
        if error.kind in {StalePlanError.__name__, DamagedItemsError.__name__}:
            again = f"{command_of(wanted | {'resume': ''})} --dry-run{replays.stack}"
            raise CommandError(in_language(error.why, spoken()), then=again) from error
        raise replays.failure(error, wanted["dataset"]) from error
    if how["new_contract"]:
        from suimon.cli.whatif import what_if  # noqa: PLC0415 - no other replay checks files here

        then = f"{command_of(wanted)} --dry-run{replays.stack}"
        name, dataset = how["new_contract"], wanted["dataset"]
        raise SystemExit(what_if(found, name, dataset, stack, replays.lang, then=then, as_json=as_json))
    if as_json:
        print_json(found)
        return
    show_plan(replays.console, found, replays.lang)
    dry_run = how["dry_run"]
    if not found["items"]:
        print_plain(replays.console, f"  suimon status {wanted['dataset']}{replays.stack}", "bold")
        raise SystemExit(0 if dry_run else 1)
    question = say("Replay these {count}?", replays.lang, count=len(found["items"]))
    if not (how["plan"] or how["yes"]) and (dry_run or not agreed(question)):
        print_plain(replays.console, say("Nothing was started. To execute exactly this plan:", replays.lang))
        print_plain(replays.console, f"  {command_of(wanted, found['plan'])}{replays.stack}")
        raise SystemExit(0 if dry_run else CommandError.exit_code)
    if dry_run:
        print_plain(replays.console, say("Nothing was started.", replays.lang))
        return
    items = [Item(**item) for item in found["items"]]
    raise SystemExit(replays.execute([(wanted | {"plan": found["plan"]}, items)]))


def command_of(wanted: dict[str, Any], plan: str = "") -> str:
    """Return the command that executes exactly this plan, or plans anew."""
    words = ["suimon", "replay", wanted["dataset"]]
    if wanted.get("resume"):
        words += ["--resume", wanted["resume"]]
    else:
        words += ["--from", wanted["from"], "--to", wanted["to"], "--what", wanted["what"], "--order", wanted["order"]]
        words += ["--as-accepted"] if wanted["as_accepted"] else []
    words += ["--max-concurrency", str(wanted["max_concurrency"])] if wanted["max_concurrency"] else []
    words += ["--plan", plan] if plan else []
    words += ["--tolerate", f"{wanted['tolerate']:g}"] if wanted["tolerate"] is not None else []
    words += ["--reason", wanted["reason"]] if wanted["reason"] else []
    return shlex.join(words)


def _refuse_nonsense(wanted: dict[str, Any]) -> None:
    try:
        Request.from_event(wanted)
    except RequestError as error:
        raise CommandError(in_language(error.why, spoken()), then=error.then) from error


def _list(replays: Replays, dataset: str, *, as_json: bool) -> None:
    found = replays.known(dataset)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    statuses = {one.id: replays.status(one) for one in found if one.ended_at is None}
    show_list(replays.console, dataset, found, statuses, replays.stack, replays.lang)


def _stop(replays: Replays, dataset: str, replay_id: str, reason: str, *, as_json: bool) -> None:
    summary = replays.stop(replays.record(dataset, replay_id), reason)
    if as_json:
        print_json(summary)
        return
    show_stopped(replays.console, summary, replays.stack, replays.lang)

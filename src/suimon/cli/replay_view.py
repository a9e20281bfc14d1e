"""What an operator sees of a replay: its plan, its progress, its end."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Group
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from suimon.cli.printing import print_plain
from suimon.cli.words import named, say
from suimon.contract.partition import partition_of
from suimon.drops.replay_record import STOPPED, Counts
from suimon.drops.states import State
from suimon.drops.wording import in_language
from suimon.replay.execution import Progress
from suimon.replay.message import told
from suimon.replay.summary import Fate, Result, stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from suimon.contract.file import Language
    from suimon.drops.replay_record import ReplayRecord

STYLES = {Fate.LOADED: "green", Fate.FAILED: "red", Fate.UNNEEDED: "yellow"}
INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended
DRAWN = 20  # rows at once: a plan may have thousands


def show(
    console: Console, command: str, progress: Iterator[Progress], lang: Language = "en", also: Sequence[str] = ()
) -> Progress:
    """Draw the progress until the end, then the result; Ctrl-C stops the drawing, not the replay.

    command: the one that follows or stops this replay, with {} in the option's place; at its end the stack, unless that
    is the usual one. also: the same of others that were started with it, and are followed after it.
    """
    end = Progress("RUNNING")
    try:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            for end in progress:
                live.update(_drawn(end, lang), refresh=True)
    except KeyboardInterrupt:
        _left_running(console, (command, *also), lang)
    if 0 < len(end.rows) <= DRAWN:
        console.print(_grid(end.rows, lang))
    for text, style in result_of(end, lang):
        print_plain(console, text, style)
    stack = "".join(re.findall(r" --stack \S+$", command))
    if end.counts.remaining or end.counts.running:
        following = command.format("--resume" if end.counts.remaining else "--follow")
    elif end.counts.failed:
        failed = next((row.drop_id for row in end.rows if row.fate is Fate.FAILED), "DROP")
        following = f"suimon explain {failed}{stack}"
    elif end.rows:
        following = f"suimon status {command.split()[2]}{stack}"
    else:  # nothing was begun: as a rule another replay of the range runs
        following = re.sub(r"\{\} \S+", "--list", command)
    print_plain(console, say("Next: {text}", lang, text=following))
    # Of a rejected file a better one is awaited, and `suimon retry` knows those alone whose run has failed.
    run_failed = any(row.fate is Fate.FAILED and row.state == stated(State.FAILED) for row in end.rows)
    if following.startswith("suimon explain") and run_failed:
        again = f"suimon retry{stack}"
        print_plain(console, say("Then, when the cause is mended: {command}", lang, command=again))
    return end


def result_of(end: Progress, lang: Language = "en") -> Iterator[tuple[str, str]]:
    """Return the lines below the table, each with its style: what failed and why, what needed nothing, the counts."""
    for row in end.rows:
        why, state = in_language(row.error, lang), in_language(row.state, lang)
        if row.fate is Fate.UNNEEDED:
            why = why or say("a newer file has come in its place", lang)
            yield say("{partition} nothing to do: {why}", lang, partition=row.partition, why=why), "yellow"
        elif row.fate is Fate.FAILED:
            yield f"{row.partition} {state}: {why}", "red"
        elif row.fate is Fate.RUNNING:
            yield say("{partition} still running: {state}", lang, partition=row.partition, state=state), ""
    left = [row.partition for row in end.rows if row.fate is Fate.REMAINING]
    if left:
        yield say("Not begun: {partitions}.", lang, partitions=spans(left, lang)), "yellow"
    if end.rows:
        yield say("{told}.", lang, told=told(end.counts, lang)), ""
    elif end.status == "SUCCEEDED":
        yield say("Nothing to replay: no partition of the range has a drop that may run again.", lang), ""
    if end.status != "SUCCEEDED" and end.error != "Suimon.PartlyLoaded":
        yield ": ".join(filter(None, (end.status, _readable(end.cause) or end.error))), "red"


def show_plan(console: Console, plan: Mapping[str, Any], lang: Language = "en") -> None:
    """Show a line a partition: what would run and why, and what would not; those without a file in a row share one."""
    for item in plan["items"]:
        what = {"partition": item["partition"], "attempt": item["attempt"], "drop": item["drop_id"]}
        line = say("{partition} attempt {attempt} of {drop}: {reason}", lang, **what, reason=item["reason"][lang])
        print_plain(console, line)
    for days, reason in _left_out(plan, lang):
        which = days[0] if len(days) == 1 else f"{days[0]} … {days[-1]} ({len(days):,})"
        print_plain(console, say("{days} left out: {reason}", lang, days=which, reason=reason))
    if plan["others"]:
        print_plain(console, say("{count:,} more left out: not asked for.", lang, count=plan["others"]))
    if not plan["items"]:
        print_plain(console, say("{dataset}: nothing to replay.", lang, dataset=plan["dataset"]))
        return
    whole = say(
        "{dataset}: {count:,} would run, {at_once} at once; each runs {dag}, which replaces its partition in {table}.",
        lang,
        dataset=plan["dataset"],
        count=len(plan["items"]),
        at_once=plan["max_concurrency"],
        dag=plan["dag_id"],
        table=plan["table"],
    )
    print_plain(console, whole)
    print_plain(console, say("No more are begun once more than {count:,} have failed.", lang, count=plan["tolerated"]))


def _left_out(plan: Mapping[str, Any], lang: Language) -> Iterator[tuple[list[str], str]]:
    """Yield the partitions that are left out, in their order, those of one reason together that follow each other."""
    run, why = list[str](), ""
    for skip in plan["skipped"]:
        day, reason = str(skip["partition"]), str(skip["reason"][lang])
        if run and (reason != why or not _adjoin(run[-1], day, plan["items"])):
            yield run, why
            run = []
        run, why = [*run, day], reason
    if run:
        yield run, why


def _adjoin(one: str, other: str, items: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing lies between two partitions: no time, and of one time nothing that would run."""
    first, last = sorted((one, other))
    if any(first < item["partition"] < last for item in items):
        return False
    times = partition_of(partition_of(first).time).to(partition_of(partition_of(last).time))
    return len(list(islice(times, 3))) <= 2  # noqa: PLR2004 these two


def show_list(
    console: Console,
    dataset: str,
    found: Sequence[ReplayRecord],
    statuses: Mapping[str, str],
    stack: str,
    lang: Language = "en",
) -> None:
    """Show the replays of a dataset, newest first, and how to look at one.

    statuses: by the ids of those without an end in the ledger, what Step Functions says of their executions.
    """
    if not found:
        print_plain(console, say("{dataset} has never been replayed.", lang, dataset=dataset))
        print_plain(console, f"  suimon status {dataset}{stack}", "bold")
        return
    for one in found:
        ended = f"{named(one.end, lang)}: {told(one.counts, lang)}"
        how = ended if one.ended_at else _unended(one, statuses, stack, lang)
        print_plain(console, f"{one.id}", "bold")
        range_of = {"began": f"{one.began_at:%Y-%m-%d %H:%M}Z", "first": one.first, "last": one.last}
        planned = say("{began} {first} to {last}, {count:,} planned", lang, **range_of, count=one.planned)
        print_plain(console, f"  {planned}")
        print_plain(console, f"  {how}")
        if one.reason or one.who:
            reason, who = one.reason or say("no reason given", lang), one.who or say("unknown", lang)
            print_plain(console, f"  {reason} ({who})")
    latest = found[0]
    what = "--resume" if latest.counts.remaining else "--follow"
    print_plain(console, say("Next: {text}", lang, text=f"suimon replay {dataset} {what} {latest.id}{stack}"))


def _unended(one: ReplayRecord, statuses: Mapping[str, str], stack: str, lang: Language) -> str:
    """Return how a replay stands that has no end in the ledger; it may have been ended from outside."""
    status = statuses.get(one.id, "")
    if status == "RUNNING":
        return say("runs", lang)
    return say(
        "has no summary ({status}); one is made by: {command}",
        lang,
        status=status or say("unknown", lang),
        command=f"suimon replay {one.dataset} --stop {one.id}{stack}",
    )


def show_stopped(console: Console, summary: Mapping[str, Any], stack: str, lang: Language = "en") -> None:
    """Show what a replay has done that was stopped, and how to go on; or how one ended before it could be stopped."""
    done = told(Counts(**{str(fate): summary[str(fate)] for fate in Fate}), lang)
    if summary["end"] == STOPPED:
        print_plain(console, say("Stopped: {told}. What has begun runs to its end by itself.", lang, told=done))
    else:
        end = named(summary["end"], lang)
        print_plain(console, say("It had ended by itself ({end}): {told}.", lang, end=end, told=done))
    option = "--resume" if summary["remaining"] else "--follow"
    following = f"suimon replay {summary['dataset']} {option} {summary['replay']}{stack}"
    print_plain(console, say("Next: {text}", lang, text=following))


def spans(partitions: Sequence[str], lang: Language = "en") -> str:
    """Write some partitions: the first ones, and how many more."""
    more = say(" and {count:,} more", lang, count=len(partitions) - DRAWN) if len(partitions) > DRAWN else ""
    return ", ".join(partitions[:DRAWN]) + more


def _left_running(console: Console, commands: Sequence[str], lang: Language) -> NoReturn:
    left = say("Not followed any more; the replay still runs. To look at it, or to stop it:", lang)
    print_plain(console, f"\n{left}")
    for command in commands:
        for option in ("--follow", "--stop"):
            print_plain(console, f"  {command.format(option)}")
    print_plain(console, say("Attempts that have begun run to their end.", lang))
    raise SystemExit(INTERRUPTED)


def _readable(cause: str) -> str:
    """Return the message of a Lambda error, which comes as JSON with a stack trace."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _drawn(now: Progress, lang: Language) -> Group:
    moving = [row for row in now.rows if row.fate in {Fate.RUNNING, Fate.FAILED}]
    rows = now.rows if len(now.rows) <= DRAWN else moving[-DRAWN:]
    counts = say("{told}, of {count:,}.", lang, told=told(now.counts, lang), count=len(now.rows))
    return Group(_grid(rows, lang), Text(counts))


def _grid(rows: Sequence[Result], lang: Language) -> Grid:
    grid = Grid(*(say(name, lang) for name in ("partition", "drop", "attempt", "state", "rows")))
    for row in rows:
        count = "" if row.rows is None else f"{row.rows:,}"
        state, style = in_language(row.state, lang), STYLES.get(row.fate, "")
        grid.add_row(row.partition, row.drop_id, str(row.attempt), state, count, style=style)
    return grid

"""`suimon retry`: replay everything whose run has failed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import click

from suimon.cli.errors import CommandError
from suimon.cli.printing import print_json, print_plain
from suimon.cli.replay_view import show_plan
from suimon.cli.replays import (
    Replays,
    agreed,
    concurrency_option,
    dry_run_option,
    reason_option,
    tolerate_option,
    yes_option,
)
from suimon.cli.stack import of_stack, stack_option
from suimon.cli.words import lang_option, phrase, say
from suimon.replay.execution import ReplayError
from suimon.replay.plan import Item
from suimon.replay.request import TooLongError
from suimon.report.console import Terminal

if TYPE_CHECKING:
    from suimon.contract.file import Language


@click.command()
@concurrency_option
@tolerate_option
@reason_option
@dry_run_option
@yes_option
@click.option(
    "--json", "as_json", is_flag=True, help="With --dry-run: write the plans as JSON (docs/commands.schema.json)."
)
@lang_option
@stack_option
def retry(
    *,
    max_concurrency: int,
    tolerate: float | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    lang: Language,
    stack: str,
    as_json: bool,
) -> None:
    """Replay every file of every dataset whose run has failed and that is still open, the newest day first.

    The plan is shown, and asked for once. Exit status: 0 all loaded or nothing has failed, 1 some not loaded, 2 nothing
    was done.
    """
    if as_json and not dry_run:
        raise click.UsageError(phrase("--json writes the plans: give --dry-run with it"))
    replays = Replays.of(stack, Terminal(stderr=as_json), lang)
    lang = replays.lang
    plans = list[dict[str, Any]]()
    wanted, left_out = list[tuple[dict[str, Any], list[Item]]](), 0
    windows = deque(replays.failed())
    while windows:
        window = windows.popleft()
        asked: dict[str, Any] = {"dataset": window.dataset, "from": window.first, "to": window.last}
        asked |= {"what": "failed", "order": "newest"}
        asked |= {"max_concurrency": max_concurrency, "tolerate": tolerate, "reason": reason}
        try:
            found = replays.plan(asked)
        except ReplayError as error:  # as of a held dataset: the others go ahead
            if error.kind == TooLongError.__name__ and len(window.times) > 1:
                windows.extendleft(reversed(window.halves()))
                continue
            range_of = {"dataset": window.dataset, "first": window.first, "last": window.last}
            why = replays.failure(error, window.dataset).message
            left = say("{dataset} {first} to {last} left out: {why}", lang, **range_of, why=why)
            print_plain(replays.console, left, "yellow")
            left_out += 1
            continue
        if found["items"]:
            plans.append(found)
            if not as_json:
                show_plan(replays.console, found | {"skipped": [], "others": 0}, lang)
            wanted.append((asked | {"plan": found["plan"]}, [Item(**item) for item in found["items"]]))
    if as_json:
        print_json(plans)
        raise SystemExit(1 if left_out else 0)
    if not wanted:
        nothing = "Nothing was started: nothing else has failed." if left_out else "Nothing has failed."
        print_plain(replays.console, say(nothing, lang))
        print_plain(replays.console, f"  suimon status{of_stack(stack)}", "bold")
        raise SystemExit(1 if left_out else 0)
    if dry_run or not (yes or agreed(say("Replay all of these?", lang))):
        print_plain(replays.console, say("Nothing was started.", lang))
        print_plain(replays.console, f"  suimon retry{of_stack(stack)}", "bold")
        raise SystemExit(0 if dry_run else CommandError.exit_code)
    raise SystemExit(replays.execute(wanted) or min(left_out, 1))

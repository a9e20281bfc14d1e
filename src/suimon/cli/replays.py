"""The replays of a stack, as the commands `replay` and `retry` ask for them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.clock import utc_now
from suimon.cli.asking import who_asks
from suimon.cli.drops import refuse_unknown
from suimon.cli.errors import CommandError, InterruptedByPersonError
from suimon.cli.pasted import REASON
from suimon.cli.printing import print_plain
from suimon.cli.replay_view import show
from suimon.cli.stack import USUAL, advice, of_stack, outputs_of
from suimon.cli.words import phrase, readable, say, spoken
from suimon.drops.refusal import meant
from suimon.drops.states import State
from suimon.drops.wording import in_language
from suimon.ledger.queries import Wanted, failures_of, find_many, newest_first, replay_of, replays_of
from suimon.replay.execution import Progress, ReplayError, ask_plan, follow, start
from suimon.replay.plan import Window, read_items, windows
from suimon.replay.request import DEFAULT_CONCURRENCY, MAX_CONCURRENCY, DamagedItemsError
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from suimon.contract.file import Language
    from suimon.drops.replay_record import ReplayRecord
    from suimon.replay.plan import Item

# The function has five minutes for 5,000 partitions; a call that is sent twice would plan twice.
_PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1})

concurrency_option = click.option(
    "--max-concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help=f"How many drops of a replay may run at once ({DEFAULT_CONCURRENCY}; resumed: as before).",
)
tolerate_option = click.option(
    "--tolerate",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="How many may fail before no more are begun (ten percent, and five in any case; resumed: as before).",
)
reason_option = click.option(
    "--reason", type=REASON, default="", help="Kept with the replay; `suimon explain` shows it."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show the plan, and start nothing.")


# A replay that was started: its execution, its dataset, its items.
Started: TypeAlias = "tuple[str, str, Sequence[Item]]"


@dataclass(frozen=True)
class Target:
    """What a replay uses of the stack."""

    state_machine: str
    function: str
    ledger_table: str
    reports_bucket: str


@dataclass(frozen=True)
class Replays:
    """The replays of a stack, on a console, in a language that it can show; `stack`: what names it behind a command."""

    target: Target
    console: Console
    stack: str = ""
    lang: Language = "en"
    name: str = USUAL

    @classmethod
    def of(cls, stack: str, console: Console, lang: Language) -> Replays:
        """Read what replays use from the stack's outputs."""
        names = ("ReplayStateMachineArn", "ReplayFunctionName", "LedgerTable", "ReportsBucket")
        return cls(Target(*outputs_of(stack, *names)), console, of_stack(stack), readable(lang), stack)

    def plan(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Ask for the plan of a request; ReplayError when it is refused."""
        try:
            return ask_plan(boto3.client("lambda", config=_PATIENT), self.target.function, wanted)
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error

    def failed(self) -> Sequence[Window]:
        """List the ranges that have a failed drop, by dataset, the newest first."""
        try:
            found = {record.match for record in newest_first(self._table, Wanted(state=State.FAILED)) if record.match}
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error
        return windows((match.dataset, match.partition) for match in found)

    def known(self, dataset: str) -> list[ReplayRecord]:
        """Return the replays of a dataset, newest first; CommandError if the release has no such dataset."""
        try:
            found = replays_of(self._table, dataset)
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error
        if not found:
            refuse_unknown(self.name, dataset)
        return found

    def record(self, dataset: str, replay_id: str) -> ReplayRecord:
        """Return a replay; CommandError if there is none of the id."""
        try:
            found = replay_of(self._table, dataset, replay_id)
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error
        if found is None:
            raise self._no_replay(dataset, replay_id)
        return found

    def _no_replay(self, dataset: str, replay_id: str) -> CommandError:
        like = meant(replay_id, (one.id for one in self.known(dataset)))
        of = {"dataset": dataset, "replay": replay_id}
        if not like:
            why = phrase("{dataset} has no replay {replay!r}; those it has:", **of)
            return CommandError(why, then=f"suimon replay {dataset} --list{self.stack}")
        why = phrase("{dataset} has no replay {replay!r}; did you mean {like}?", **of, like=like)
        return CommandError(why, then=f"suimon replay {dataset} --follow {like}{self.stack}")

    def status(self, record: ReplayRecord) -> str:
        """Return the status of a replay's execution in Step Functions; "" for who may not ask, or when it is forgotten.

        A ledger without an end does not say that a replay runs: it may have been ended from outside.
        """
        try:
            return boto3.client("stepfunctions").describe_execution(executionArn=record.execution)["status"]
        except (ClientError, BotoCoreError):
            return ""

    def failure(self, error: ReplayError, dataset: str) -> CommandError:
        """Return what to raise for a replay of a dataset that was refused, with what to type next."""
        then = error.then or f"suimon replay {dataset} --list"
        return CommandError(in_language(error.why, spoken()), then=f"{then}{self.stack}")

    def execute(self, wanted: Sequence[tuple[dict[str, Any], Sequence[Item]]]) -> int:
        """Start the planned requests, follow each to its end, and return the exit status of all."""
        sfn = boto3.client("stepfunctions")
        executions: list[Started] = []
        try:
            who = who_asks()
            for one, items in wanted:
                execution = start(sfn, self.target.state_machine, one | {"who": who}, utc_now())
                executions.append((execution, one["dataset"], items))
                print_plain(self.console, say("Replay {execution}", self.lang, execution=execution))
            followed = [self._follow(*one, executions[place:]) for place, one in enumerate(executions, 1)]
        except ReplayError as error:
            raise self.failure(error, executions[0][1]) from error
        except (ClientError, BotoCoreError) as error:
            on = phrase("What was started runs on, only following it failed:") if executions else ""
            why = f"{advice(error)}\n{on}".rstrip()
            raise CommandError(why, then=self._following(executions)) from error
        except KeyboardInterrupt as error:
            then = self._following(executions) or f"suimon replay {wanted[0][0]['dataset']} --list{self.stack}"
            raise InterruptedByPersonError(
                phrase("a replay may have been started, and runs on. To see:"), then=then
            ) from error
        return max(exit_status(end) for end in followed)

    def _following(self, executions: Sequence[Started]) -> str:
        """Return the commands that follow what was started, each on a line of its own."""
        return "\n  ".join(self._asking_of(name, of).format("--follow") for of, name, _ in executions)

    def follow(self, record: ReplayRecord) -> int:
        """Follow a replay that somebody has started; return its exit status."""
        try:
            body = boto3.client("s3").get_object(Bucket=self.target.reports_bucket, Key=record.key)["Body"].read()
            return exit_status(self._follow(record.execution, record.dataset, read_items(body, record.plan)))
        except DamagedItemsError as error:
            why = in_language(error.why, spoken())
            why = phrase("the items of replay {id} are lost ({why}); what became of its drops:", id=record.id, why=why)
            raise CommandError(why, then=f"suimon status {record.dataset}{self.stack}") from error
        except ReplayError as error:
            raise self.failure(error, record.dataset) from error
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error

    def stop(self, record: ReplayRecord, reason: str) -> dict[str, Any]:
        """Stop a replay, and return its summary: what has begun runs on, and the rest is not begun."""
        sfn = boto3.client("stepfunctions")
        try:
            cause = f"{who_asks()}: {reason or 'no reason given'}"
            if sfn.describe_execution(executionArn=record.execution)["status"] == "RUNNING":
                sfn.stop_execution(executionArn=record.execution, error="Suimon.Stopped", cause=cause)
            return self.plan({"stopped": {"dataset": record.dataset, "replay": record.id}})
        except ReplayError as error:
            raise self.failure(error, record.dataset) from error
        except (ClientError, BotoCoreError) as error:
            raise CommandError(advice(error)) from error
        except KeyboardInterrupt as error:
            again = f"suimon replay {record.dataset} --stop {record.id}{self.stack}"
            raise InterruptedByPersonError(
                phrase("it may be stopped already, without a summary. Again:"), then=again
            ) from error

    def _follow(self, execution: str, dataset: str, items: Sequence[Item], after: Sequence[Started] = ()) -> Progress:
        replay_id = execution.rpartition(":")[2]
        also = [self._asking_of(name, of) for of, name, _ in after]
        records, failures = partial(find_many, self._table), partial(failures_of, self._table, dataset, replay_id)
        progress = follow(boto3.client("stepfunctions"), execution, items, records, failures)
        return show(self.console, self._asking_of(dataset, execution), progress, self.lang, also)

    def _asking_of(self, dataset: str, execution: str) -> str:
        """Return the command that follows or stops a replay, with {} in the option's place."""
        return f"suimon replay {dataset} {{}} {execution.rpartition(':')[2]}{self.stack}"

    @property
    def _table(self) -> Any:
        return boto3.resource("dynamodb").Table(self.target.ledger_table)


def exit_status(end: Progress) -> int:
    """Return 0 when all was loaded, 1 when something was not, 2 when nothing could be planned."""
    if end.error == "Suimon.PlanFailed":
        return CommandError.exit_code
    return 0 if end.status == "SUCCEEDED" and end.rows and end.counts.is_whole else 1


def agreed(question: str) -> bool:
    """Ask a person; without one (the input has ended) nobody agrees."""
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo()
        return False

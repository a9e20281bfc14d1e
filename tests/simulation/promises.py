"""The promises of the design, each a small function that looks at a schedule's end and yields what breaks it.

Whoever wrote what when is taken from the services' own memory, never from what the code under test says of itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.objects import ShortReadError
from suimon.drops.retraction import RetractError
from suimon.drops.run_finished_event import OutcomeError
from suimon.drops.states import MOVES, STATES, Awaits
from suimon.intake.errors import FailingError, ReplayError, RetryLaterError
from suimon.ledger.drops import LostClaimError
from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import CannotAskError
from suimon.sweep.round import SweepError
from tests.simulation.holding import PROMISES_OF_HOLDS
from tests.simulation.promises_of_incidents import PROMISES_OF_INCIDENTS
from tests.simulation.promises_of_persons import PROMISES_OF_PERSONS
from tests.simulation.promises_of_replays import PROMISES_OF_REPLAYS, is_summary
from tests.simulation.promises_of_sets import PROMISES_OF_SETS, waits_for_its_set
from tests.simulation.releases import PROMISES_OF_RELEASES
from tests.simulation.retracting import PROMISES_OF_RETRACTIONS, what_a_run_loads
from tests.simulation.rows import BY_VERSION, accepted_bytes, rows_of, verdict_of
from tests.simulation.sweeping import one_round_at_a_time
from tests.simulation.volumes import PROMISES_OF_VOLUMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulation.schedule import Schedule

# Every move is one of the table, with an attempt that counts up by what the table says.
ALLOWED = frozenset((move.start, move.end, move.attempts) for move in MOVES)
# Where a drop may be left: at an end, or without a contract.
ENDS = frozenset(state for state, meaning in STATES.items() if meaning.awaits in {Awaits.NOTHING, Awaits.CONTRACT})
# What may go wrong: the services' own failures, and the errors that mean "come again".
HONEST: tuple[type[Exception], ...] = (
    ClientError,
    BotoCoreError,
    RetryLaterError,
    ReplayError,
    LostClaimError,
    ShortReadError,
    BusyError,
    OutcomeError,
    CannotAskError,
    SweepError,
    RetractError,
)
REQUESTS_A_SECOND = 10
LARGEST_SKEW = 2.0


def every_drop_ends(end: Schedule) -> Iterator[str]:
    """1. Loaded, rejected, superseded, duplicate, unmatched, or failed and told; shards of a part wait."""
    for drop_id, item in end.drops.items():
        if item["state"] == "UNMATCHED" and end.match(item["key"]):
            yield f"{end.name(drop_id)} is left UNMATCHED, and a contract has come that matches it"
        if item["state"] not in ENDS and not waits_for_its_set(end, item):
            yield f"{end.name(drop_id)} is left {item['state']}"


def one_run_an_attempt(end: Schedule) -> Iterator[str]:
    """2. At most one run of a drop and attempt, and none that the ledger does not know."""
    runs = Counter((run.conf["drop_id"], run.conf["attempt"]) for run in end.runs)
    for (drop_id, attempt), count in runs.items():
        if count > 1:
            yield f"{count} runs of attempt {attempt} of {end.name(drop_id)}"
        known = end.drops.get(drop_id)
        if known is None or attempt > known["attempt"]:
            yield f"a run of attempt {attempt} of {end.name(drop_id)}, which the ledger does not know"


def what_is_started_has_a_run(end: Schedule) -> Iterator[str]:
    """2. A drop that the ledger calls started, or that came to a run's end, has its run in Airflow."""
    runs = {run.conf["drop_id"] for run in end.runs}
    # A shard has the runs of its sets.
    runs |= {member for drop_id in runs & end.drops.keys() for member in end.drops[drop_id]["members"]}
    for drop_id, states in end.states.items():
        if {"TRIGGERED", "LOADED", "FAILED"} & {*states} and not {drop_id, end.drops[drop_id].get("set_id")} & runs:
            yield f"{end.name(drop_id)} was {states[-1]} without a run"


def the_ledger_knows_only_files(end: Schedule) -> Iterator[str]:
    """3. Every record is of an object that was put, or of a set of such."""
    for drop_id, item in end.drops.items():
        if not {*(item["members"] or [drop_id])} <= end.bodies.keys():
            yield f"the ledger has a drop of {item['key']}, which nobody put"


def nothing_is_lost(end: Schedule) -> Iterator[str]:
    """3. Every object has a record, even if its event never came."""
    for drop in end.put:
        if drop.id not in end.drops and drop.id not in end.deleted:
            yield f"{end.name(drop.id)} is in the bucket and not in the ledger"


def every_problem_is_published(end: Schedule) -> Iterator[str]:
    """4. People hear of a failed run before the ledger, and of every drop that ends rejected, failed or unmatched."""
    letters = [letter.message for letter in end.services.sns.letters if not is_summary(letter)]
    for drop_id in end.untold:
        yield f"{end.name(drop_id)} was FAILED before anybody was told"
    for drop_id, states in end.states.items():
        if drop_id in end.alerts.held:  # once a good file has come, or another bad one, nobody has to know of this one
            if end.is_mended_since(drop_id):
                continue
            own = end.drops[drop_id]["key"]
            named_since = {one["drop_id"] for one in end.drops.values() if end.is_of_slot(one["key"], own)}
        else:
            named_since = set()
        named = {drop_id, *named_since, *([set_id] if (set_id := end.drops[drop_id].get("set_id")) else [])}
        if states[-1] in {"REJECTED", "GONE", "FAILED"} and not any(
            one in letter for letter in letters for one in named
        ):
            yield f"nobody was told that {end.name(drop_id)} was {states[-1]}"
        if states == ["UNMATCHED"] and end.drops[drop_id]["size"] and not any("no contract" in one for one in letters):
            yield f"nobody was told that {end.name(drop_id)} has no contract"


def verdicts_are_of_the_bytes(end: Schedule) -> Iterator[str]:
    """5. What is accepted keeps its contract, what is rejected breaks it, by the bytes of exactly that version."""
    for drop_id, states in end.states.items():
        if drop_id not in end.bodies or not end.is_checked(drop_id):
            continue
        if end.bodies[drop_id][:1] in BY_VERSION:
            continue  # that is judged by releases.py
        accepted = verdict_of(end.bodies[drop_id]).accepted
        if "ACCEPTED" in states and not accepted:
            yield f"{end.name(drop_id)} breaks its contract and was accepted"
        if "REJECTED" in states and "ACCEPTED" not in states and accepted:
            yield f"{end.name(drop_id)} keeps its contract and was rejected"


def only_what_is_deleted_is_gone(end: Schedule) -> Iterator[str]:
    """5. A file is called gone only if it was deleted; one that was accepted is so for good, deleted or not."""
    for drop_id, states in end.states.items():
        if drop_id not in end.bodies or not end.is_checked(drop_id):
            continue
        if "GONE" in states and drop_id not in end.deleted:
            yield f"{end.name(drop_id)} is in the bucket and was called gone"
        turned_away = {"GONE", "REJECTED"} & {*states[states.index("LOADED") :]} if "LOADED" in states else ()
        if turned_away:
            yield f"{end.name(drop_id)} was LOADED and then {' and '.join(sorted(turned_away))}"


def runs_read_the_version(end: Schedule) -> Iterator[str]:
    """5. The bytes that a run reads are those that were checked."""
    for drop_id, body in end.dags.reads:
        if body != accepted_bytes(end.bodies[drop_id]):
            yield f"the run of {end.name(drop_id)} read other bytes"


def states_move_forward(end: Schedule) -> Iterator[str]:
    """6. The ledger moves only along the table of states; an attempt never goes back."""
    yield from end.wrong_moves


def the_table_is_the_newest(end: Schedule) -> Iterator[str]:
    """7. The table ends with the newest content of each key, unless that one was rejected or failed, and was told."""
    for (dataset, partition), drops in end.partitions().items():
        newest = drops[-1]
        item = end.drops.get(newest.id)
        if item is None or _original(item, end)["state"] in {"CLOSED", "REJECTED", "GONE", "FAILED", "RETRACTED"}:
            continue
        rows = end.services.warehouse.rows(dataset, partition)
        wanted = rows_of(end.bodies[newest.id])
        if sorted(rows) != sorted(wanted):
            which = f"{end.name(newest.id)} {item['state']}"
            yield f"{dataset} {partition} holds {rows}, the newest file {wanted} ({which})"


def the_table_is_one_file(end: Schedule) -> Iterator[str]:
    """7. Rows exactly once: a partition holds the rows of the newest committed load, or none."""
    runs = {(run.conf["drop_id"], run.conf["attempt"]): run for run in reversed(end.runs)}
    by_partition = defaultdict[tuple[str, str], list[Any]](list)
    for table, load in end.services.warehouse.commits:
        by_partition[table, load.partition].append(load)
    for dataset, partition in end.partitions():
        loads = by_partition[dataset, partition]
        rows = sorted(end.services.warehouse.rows(dataset, partition))
        last = max(reversed(loads), key=lambda load: load.written) if loads else None
        wanted = sorted(what_a_run_loads(end, runs[last.drop_id, last.attempt])) if last else []
        if rows != wanted:
            yield f"{dataset} {partition} holds {rows} instead of {wanted}"


def order_never_goes_back(end: Schedule) -> Iterator[str]:
    """7. An older drop never overwrites a newer one of its partition."""
    newest: dict[tuple[str, str], str] = {}
    for table, load in end.services.warehouse.commits:
        place = (table, load.partition)
        if load.written < newest.get(place, ""):
            yield f"{end.name(load.drop_id)} was loaded over a newer one"
        newest[place] = max(newest.get(place, ""), load.written)


def what_supersedes_is_later(end: Schedule) -> Iterator[str]:
    """7. The drop that a superseded one says counts in its place is a later write of its slot."""
    for drop_id, item in end.drops.items():
        if (by := item.get("superseded_by")) and item["state"] == "SUPERSEDED":
            slot = end.writes_of(item["key"])
            if by not in slot or slot.index(by) < slot.index(drop_id):
                yield f"{end.name(drop_id)} was superseded by {end.name(by)}, which is no later write of it"


def loaded_is_loaded(end: Schedule) -> Iterator[str]:
    """What the ledger calls loaded, superseded by the fence, or failed is what its run says."""
    for drop_id, item in end.drops.items():
        if item["state"] == "LOADED" and not end.is_committed(item):
            yield f"{end.name(drop_id)} is LOADED and its rows never were"


def the_same_bytes_run_once(end: Schedule) -> Iterator[str]:
    """A file that comes again with the same bytes opens no second run, if nothing stood between and none failed.

    A replay of the first gives way to the second as long as nobody has read that: then the second runs in its place.
    """
    first_runs = {run.conf["drop_id"] for run in end.runs if run.conf["attempt"] == 1}
    for drops in end.partitions().values():
        for one, other in pairwise(drops):
            if end.bodies[one.id] != end.bodies[other.id] or not {one.id, other.id} <= first_runs:
                continue
            if one.id in end.retracted:
                continue
            gave_way = ("VALIDATING", "SUPERSEDED") in pairwise(end.states[one.id])
            if not gave_way and not {"FAILED", "REJECTED", "GONE"} & {*end.states[one.id], *end.states[other.id]}:
                yield f"{end.name(one.id)} and {end.name(other.id)} have the same bytes and both ran"


def airflow_is_not_overrun(end: Schedule) -> Iterator[str]:
    """MWAA never got more than ten requests in a second, as long as clocks differ by seconds, not by minutes."""
    if max(map(abs, end.plan.skews)) > LARGEST_SKEW:
        return  # they share a line by their clocks; MWAA's own throttling, which is a reason to come again, must do
    times = end.services.mwaa.requests
    for index, at in enumerate(times[REQUESTS_A_SECOND:]):
        if at - times[index] < 1.0 - 1e-6:
            yield f"eleven requests within {at - times[index]:.3f} s"
            return


def queues_are_empty(end: Schedule) -> Iterator[str]:
    """Nothing lies in a queue, least of all among the dead letters."""
    for queue in end.services.sqs.queues.values():
        if queue.messages:
            yield f"{len(queue.messages)} messages are left in {queue.name}"


def nothing_is_unexplained(end: Schedule) -> Iterator[str]:
    """The sweep's last word."""
    if end.unexplained:
        yield f"the sweep cannot explain {end.unexplained}"


def nobody_crashes_by_a_bug(end: Schedule) -> Iterator[str]:
    """Whatever goes wrong with the services, the code fails only in ways that it means to."""
    told = set()
    for who, error in end.aws.crashes:
        cause = error.__cause__ if isinstance(error, (RetryLaterError, FailingError)) else error
        if cause is None or type(cause) in told:
            continue
        if not isinstance(cause, HONEST):
            told.add(type(cause))
            yield f"{who} failed with {type(cause).__name__}: {cause}"


def everything_comes_to_rest(end: Schedule) -> Iterator[str]:
    """After the troubles are over, sweeps come to nothing more to do."""
    if not end.rested:
        yield "a day after the last trouble something still moves"


PROMISES: tuple[Callable[[Schedule], Iterator[str]], ...] = (
    nobody_crashes_by_a_bug,
    states_move_forward,
    one_run_an_attempt,
    what_is_started_has_a_run,
    the_ledger_knows_only_files,
    order_never_goes_back,
    verdicts_are_of_the_bytes,
    only_what_is_deleted_is_gone,
    runs_read_the_version,
    the_same_bytes_run_once,
    airflow_is_not_overrun,
    everything_comes_to_rest,
    nothing_is_lost,
    every_drop_ends,
    loaded_is_loaded,
    what_supersedes_is_later,
    the_table_is_one_file,
    the_table_is_the_newest,
    every_problem_is_published,
    queues_are_empty,
    nothing_is_unexplained,
    *PROMISES_OF_REPLAYS,
    one_round_at_a_time,
    *PROMISES_OF_INCIDENTS,
    *PROMISES_OF_PERSONS,
    *PROMISES_OF_HOLDS,
    *PROMISES_OF_RETRACTIONS,
    *PROMISES_OF_SETS,
    *PROMISES_OF_RELEASES,
    *PROMISES_OF_VOLUMES,
)


def move_is_wrong(before: dict[str, Any] | None, after: dict[str, Any]) -> str | None:
    """Look at one write of a drop's record: what is wrong with it, or None."""
    start, attempt = (before["state"], int(before["attempt"])) if before else (None, 1)
    end, attempts = after["state"], int(after["attempt"]) - attempt
    if (start, attempts) == (end, 0) or (start, end, attempts) in ALLOWED:
        return None
    return f"goes from {start} in attempt {attempt} to {end} in attempt {after['attempt']}"


def _original(item: Mapping[str, Any], end: Schedule) -> Mapping[str, Any]:
    """Whose bytes a duplicate repeats, which may be a duplicate itself."""
    passed = set()
    while item["state"] == "DUPLICATE" and item["drop_id"] not in passed:
        passed.add(item["drop_id"])
        item = end.drops[item["duplicate_of"]]
    return item

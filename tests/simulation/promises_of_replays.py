"""What is promised of replays: what runs is what was shown, once at a time, and somebody hears how it ended."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.replays import Replay
    from tests.simulation.schedule import Schedule
    from tests.simulation.services.sns import Letter


def is_summary(letter: Letter) -> bool:
    """Whether a letter sums up a replay: it reports no problem of a file."""
    return " replayed: " in letter.subject


def replays_end(end: Schedule) -> Iterator[str]:
    """A replay gets its answer."""
    for replay in end.replays:
        if replay.open:
            yield f"{replay.name} still waits for {replay.open} answers"
        if replay.timed_out:
            yield f"{replay.name} waited for {replay.timed_out} drops in vain"


def replays_run_what_was_shown(end: Schedule) -> Iterator[str]:
    """A plan that the ledger has overtaken starts nothing."""
    for replay in end.replays:
        if replay.items and replay.items != replay.shown:
            yield f"{replay.name} showed {len(replay.shown)} items and executed {len(replay.items)} others"


def replays_do_not_overlap(end: Schedule) -> Iterator[str]:
    """No partition is in two replays at once."""
    for one, other in combinations([replay for replay in end.replays if replay.items], 2):
        first, second = sorted((_span(one), _span(other)))
        if second[0] < first[1]:
            yield f"{one.name} and {other.name} ran over the same days at once"


def a_resumed_replay_repeats_nothing(end: Schedule) -> Iterator[str]:
    """What a replay had begun before it was stopped is not begun by the one that resumes it."""
    for replay in end.replays:
        begun = {item.drop_id for _, item in replay.resumes.began} if replay.resumes else set()
        attempts = {(item.drop_id, item.attempt) for item in replay.resumes.items} if replay.resumes else set()
        for item in replay.items:
            if item.drop_id in begun and (item.drop_id, item.attempt) not in attempts:
                yield f"{replay.name} runs {end.name(item.drop_id)} again, which the one before had begun"


def failures_are_tolerated_up_to_a_share(end: Schedule) -> Iterator[str]:
    """Once more have failed than the operator asked to bear, nothing more is begun."""
    for replay in end.replays:
        for at, item in replay.began:
            failed = sum(when < at for when in replay.failures)
            if failed > replay.tolerated:
                yield f"{replay.name} began {end.name(item.drop_id)} after {failed} had failed"


def replays_are_summed_up(end: Schedule) -> Iterator[str]:
    """Whoever hears of problems hears how a replay ended, and the ledger keeps it."""
    bodies = [letter.message for letter in end.services.sns.letters if is_summary(letter)]
    for replay in end.replays:
        name = replay.execution.rpartition(":")[2]
        if replay.is_summed_up and not any(f"Replay {name} of " in body for body in bodies):
            yield f"{replay.name} ended, and nobody was told"
        item = end.services.table.item(f"replays#{replay.of.dataset}", f"replay#{name}") or {}
        if replay.is_summed_up and not item.get("told_at"):
            yield f"{replay.name} ended, and the ledger does not say how"


def _span(replay: Replay) -> tuple[float, float]:
    last = replay.ended or float("inf")
    return replay.began[0][0] if replay.began else last, last


PROMISES_OF_REPLAYS = (
    replays_end,
    replays_run_what_was_shown,
    replays_do_not_overlap,
    a_resumed_replay_repeats_nothing,
    failures_are_tolerated_up_to_a_share,
    replays_are_summed_up,
)

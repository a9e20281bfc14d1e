"""Mistakes with replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.drops.replay_record import Running
from suimon.replay import steps
from suimon.replay.message import SummaryMessages
from suimon.replay.plan import Item, Plan, gather
from suimon.replay.request import Request
from tests.simulation.bug import Bug

if TYPE_CHECKING:
    from collections.abc import Collection


def _overlap_nothing(_self: Running, *_span: str) -> list[str]:
    return []


def _plan_all_again(request: Request, *rest: Any, resumed: Collection[Item] | None = None, **more: Any) -> Plan:
    del resumed
    return gather(request, *rest, **more)


def _tolerate_everything(_self: Request, planned: int) -> int:
    return planned


def _publish_nothing(*_: Any) -> None:
    return None


BUGS_OF_REPLAYS = (
    Bug(
        "replays-overlap",
        "nobody asks which other replays of the dataset run",
        ("replays_do_not_overlap",),
        ((Running, "overlapping", _overlap_nothing),),
    ),
    Bug(
        "resume-repeats",
        "a replay that is resumed runs again what was done before it was stopped",
        ("a_resumed_replay_repeats_nothing",),
        ((steps, "gather", _plan_all_again),),
    ),
    Bug(
        "failure-share-ignored",
        "a replay goes on, however many have failed",
        ("failures_are_tolerated_up_to_a_share",),
        ((Request, "tolerated", _tolerate_everything),),
    ),
    Bug(
        "summary-lost",
        "the summary is recorded as told, and not published",
        ("replays_are_summed_up",),
        ((SummaryMessages, "publish", _publish_nothing),),
    ),
)

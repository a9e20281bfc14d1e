"""One schedule: an outside world is drawn, lived through, healed, swept, and every promise is looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from suimon.intake.gate import named
from tests.simulation.aws import Aws
from tests.simulation.choices import Choices
from tests.simulation.dags import Dags
from tests.simulation.deployment import Functions
from tests.simulation.forgeries import clear_away, forgeries, kept
from tests.simulation.holding import Holding, holding
from tests.simulation.kept_services import Services
from tests.simulation.meddling import Meddling, meddling
from tests.simulation.outside import Outside
from tests.simulation.plan import HOUR, MINUTE, draw
from tests.simulation.plan_of_sets import with_set
from tests.simulation.promises import (
    PROMISES,
    every_drop_ends,
    nothing_is_lost,
)
from tests.simulation.promises_of_incidents import (
    no_incident_outlives_its_cause,
    nothing_stays_held,
    remarks_end_by_themselves,
)
from tests.simulation.promises_of_sets import incomplete_sets_are_told
from tests.simulation.replaying import Replaying, replaying
from tests.simulation.replays import looks_before
from tests.simulation.retracting import Retracting, retracting
from tests.simulation.sweeping import Sweeping, delivered_again
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.simulation.partitions import Kind
    from tests.simulation.plan import Plan
    from tests.simulation.releases import Changing
    from tests.simulation.replays import Replay
    from tests.simulation.volumes import Volumes

SWEEP_EVERY = 15 * MINUTE
LONGEST_PAUSE = HOUR
LONGEST_HEALING = 24 * HOUR
LONGEST_REMARK = 7 * 24 * HOUR
GRACE = 16 * MINUTE  # after which a version without a record is a lost one, and a minute for the clocks


@dataclass(frozen=True)
class Broken:
    """A promise that did not hold, and how."""

    promise: str
    what: str


@dataclass
class Result:
    """What came of a schedule; `taken` repeats it."""

    taken: dict[int, int]
    broken: list[Broken] = field(default_factory=list)
    points: int = 0
    faults: int = 0
    runs: int = 0
    drops: int = 0
    positions: int = 0  # of choices, before everything healed


def run(
    seed: int | None = None,
    given: Mapping[int, int] | None = None,
    tell: Callable[[float, str, str], None] | None = None,
    functions: type[Functions] = Functions,
    plan: Plan | None = None,
    kind: Kind | Changing | Volumes | None = None,
) -> Result:
    """Run the schedule of a seed, or repeat one from its record; `tell` gets its story.

    With a `plan` nothing of the outside world is drawn: the record says what happens at the points alone. `kind`: of
    the partitions, where files come otherwise than daily.
    """
    choices = Choices(seed, given)
    schedule = Schedule(choices, tell, functions, plan, kind)
    try:
        schedule.live()
        broken = [Broken(promise.__name__, what) for promise in PROMISES for what in promise(schedule)]
    finally:
        schedule.world.close()
    world = schedule.world
    if tell:
        for one in broken:
            tell(world.now, "BROKEN", f"{one.promise}: {one.what}")
    return Result(
        choices.taken,
        broken,
        world.points,
        world.faults,
        len(schedule.runs),
        len(schedule.drops),
        schedule.positions,
    )


class Schedule(Outside):
    """A world in which a plan happens to a stack; afterwards, what the promises look at."""

    def __init__(
        self,
        choices: Choices,
        tell: Callable[[float, str, str], None] | None = None,
        functions: type[Functions] = Functions,
        plan: Plan | None = None,
        kind: Kind | Changing | Volumes | None = None,
    ) -> None:
        super().__init__()
        self.world = world = World(choices, tell)
        if plan:
            choices.weather(0.0, ())
        self.plan = plan or with_set(choices, draw(choices))
        self.meddling = Meddling() if plan else meddling(choices)
        self.holding = Holding() if plan else holding(choices)
        self.retracting = Retracting() if plan else retracting(choices)
        self.replaying = Replaying() if plan or kind else replaying(choices)
        self.plan = self.replaying.over(self.plan)
        if kind and kind.is_for(self.plan):
            self.plan = kind.over(self.plan)
        self.plan = self.retracting.over(self.holding.over(self.meddling.over(self.plan)))
        self.most_messages: dict[str, int] = {}
        self.forgeries = () if plan else forgeries(choices)
        self.services = Services(world)
        self.functions = functions(world, self.services, self.plan.contracts)
        self.aws = Aws(world, self.plan, self.services, self.functions)
        self.dags = Dags(world, self.plan, self.services, self.functions)
        self.sweeping = Sweeping(self.functions, self.aws, 0.0 if plan else delivered_again(choices))
        self.looks_before = 0.0 if plan else looks_before(choices)
        self.replays: list[Replay] = []
        self.rested = False
        self.positions = 0
        self.services.table.on_write = self.written
        self.services.mwaa.on_trigger = self._triggered
        self.services.sns.on_letter = self.alerts.published
        if self.plan.lag:
            self.services.table.lag = self._lag
        self._events: tuple[float, ...] = ()
        self.services.s3.on_created = self._created

    # ------------------------------------------------------------ what happens

    def live(self) -> None:
        """Run the plan, heal, then sweep until nothing changes."""
        world, plan = self.world, self.plan
        self.happens()
        for number in range(1, int(plan.heals // SWEEP_EVERY) + 1):
            world.at(number * SWEEP_EVERY, self._sweep)
        world.run(plan.heals)
        self._heal()
        self._rest()
        self._lapse()

    def _sweep(self) -> None:
        """Make a round amid the troubles; where rounds are spared, only if there is, or may be, something to find."""
        self._count_messages()
        if self.plan.spares_sweep and self._is_settled() and not any(incomplete_sets_are_told(self)):
            return
        self.sweeping.start()

    def _count_messages(self) -> None:
        """Count what is under way for each drop."""
        found: Counter[str] = Counter()
        for message in self.services.intake.messages.values():
            found[named(message.body).get("drop_id", "")] += 1
        for drop_id, count in found.items():
            self.most_messages[drop_id] = max(count, self.most_messages.get(drop_id, 0))

    def _heal(self) -> None:
        self._say("outside", "from here on nothing goes wrong")
        self.positions = self.world.choices.index
        self.world.choices.calm()
        self.services.table.lag = _none
        self.aws.healed = self.dags.healed = True
        for spell in self.plan.spells:
            self.services.well(spell.what)

    def _rest(self) -> None:
        """Sweep until a whole round has changed nothing and nothing is on its way.

        While nothing happens the next round waits twice as long: what waits for hours costs few rounds, and what a
        round now and then can set right, one every 15 minutes can.
        """
        world, last = self.world, self.plan.puts[-1].at
        world.run(max(world.now, last + GRACE))
        pause = SWEEP_EVERY
        if self.plan.spares_sweep and not self._is_settled():
            world.run(world.now + SWEEP_EVERY)  # for what comes to its end by itself
        while world.now < self.plan.heals + LONGEST_HEALING:
            if self.plan.spares_sweep and self._is_settled():
                if self._is_quiet():
                    self.rested = True
                    return
                if (due := world.next_due()) is not None:  # as a rule the message of an invocation that was killed
                    world.run(due)
                    continue
            clear_away(self.services)
            writes, rounds = self.writes, self.sweeping.rounds
            self.sweeping.start()
            world.run(world.now + pause)
            if self.writes != writes or self.sweeping.rounds == rounds:
                pause = SWEEP_EVERY
            elif self._is_quiet():
                self.rested = True
                return
            else:
                pause = min(2 * pause, LONGEST_PAUSE)

    def _lapse(self) -> None:
        """Wait for what ends by itself, twice: the event of a deleted version may come after all has come to rest."""
        for _ in range(2):
            if not any(remarks_end_by_themselves(self)):
                return
            self.world.run(self.world.now + LONGEST_REMARK)
            self.sweeping.start()
            self.world.run(self.world.now + SWEEP_EVERY)

    def _is_quiet(self) -> bool:
        return (
            not any(every_drop_ends(self))
            and not any(incomplete_sets_are_told(self))
            and not any(nothing_stays_held(self))
            and not any(queue.messages for queue in self.services.sqs.queues.values())
            and not any(replay.open for replay in self.replays)
            and not kept(self.services)  # until it is read, and the round after has seen that
        )

    def _is_settled(self) -> bool:
        return (
            not any(every_drop_ends(self))
            and not any(nothing_is_lost(self))
            and not any(no_incident_outlives_its_cause(self))
            and not any(nothing_stays_held(self))
            and not self.services.dead.messages
            and not self.services.undelivered.messages
        )

    def _lag(self) -> int:
        return self.world.choices.pick(self.plan.lag)


def _none() -> int:
    return 0

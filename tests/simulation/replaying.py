"""In some schedules many days are there, and an operator replays them: twice at once, stopped, tolerating nothing.

The draws are apart from the others, see meddling.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.simulation.plan import GOOD, HOUR, MINUTE, ONE, Put

if TYPE_CHECKING:
    from tests.simulation.choices import Choices
    from tests.simulation.plan import Plan

FIRST = -480  # the position of the first draw
EARLIEST = date(2026, 11, 10)  # the first day that such a schedule has
USUAL = date(2026, 11, 20)  # and that of any other


@dataclass(frozen=True)
class Replaying:
    """days: so many files besides; 0: nothing of this happens. at: when replays are planned, in seconds.

    earliest: the day of the first file.
    looks: for how long the operator looks at a plan. stops, resumes: after how many seconds the first one is stopped,
    and goes on. tolerates: whether any number may fail, or none.
    as_accepted: whether copies are loaded unchecked. new: when a new file of one of the days comes.
    """

    days: int = 0
    at: tuple[float, ...] = ()
    looks: float = 0.0
    at_once: int = 3
    tolerates: bool = True
    as_accepted: bool = False
    stops: float = 0.0
    resumes: float = 20 * MINUTE
    new: float = 0.0
    earliest: date = EARLIEST

    @property
    def first(self) -> date:
        """The first day that is replayed."""
        return self.earliest if self.days else USUAL

    def seen_for(self, looks: float) -> Replaying:
        """Return the same, where the operator looks at a plan for so long; a schedule of its own says by itself."""
        return self if self.days else replace(self, looks=looks)

    def over(self, plan: Plan) -> Plan:
        """Return a plan with these files and replays."""
        if not self.days or plan.contracts is not ONE:
            return plan
        files = [(day, 0.1 * day, 0) for day in range(self.days)]
        files += [(self.days - 1, self.new, 1)] if self.new else []
        puts = [
            Put(
                at, f"sales/{self.earliest + timedelta(days=day)}/sales.csv", GOOD + b"\n9%d.%d" % (day, number), (0.3,)
            )
            for day, at, number in files
        ]
        puts = sorted([*plan.puts, *puts], key=lambda put: put.at)
        # Of messages that crashed functions leave invisible, hours of trouble would make more than one promise bears.
        spells = tuple(replace(spell, ends=min(spell.ends, spell.begins + HOUR)) for spell in plan.spells)
        heals = max(plan.heals, self.at[-1] + HOUR)
        return replace(plan, puts=tuple(puts), spells=spells, replays=self.at, heals=heals)


def replaying(choices: Choices) -> Replaying:
    """Draw what is replayed, and how."""
    with choices.apart("replaying", FIRST):
        days = (0, 3, 6)[choices.among((16, 1, 1))]
        first = (20 * MINUTE, 40 * MINUTE)[choices.pick(2)]
        again = (0.0, 0.1, 25.0, 3 * MINUTE)[choices.among((3, 1, 1, 1))]
        looks = (0.0, 20.0)[choices.pick(2)]
        at_once = (1, 2, 3)[choices.pick(3)]
        tolerates = bool(choices.among((1, 2)))
        stops = (0.0, 5.0, 40.0)[choices.among((2, 1, 1))]
        new = (0.0, first + 10.0)[choices.among((3, 1))]
        as_accepted = bool(choices.among((2, 1)))
    if not days:
        return Replaying()
    at = (first, first + again) if again else (first,)
    return Replaying(days, at, looks, at_once, tolerates=tolerates, as_accepted=as_accepted, stops=stops, new=new)

"""Volumes: each file of sales replaces the whole table, and is compared with the one that was loaded before it.

What the gate may have seen is every load between the claim of a file and its acceptance; by each of these the file is
compared again here, by its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

from suimon.contract.model import Contracts
from suimon.contract.volume import Bound, Measure, Volume
from suimon.drops.drop import written_order
from suimon.drops.states import State
from suimon.drops.volume import Compared, loaded_amounts
from suimon.intake import usual
from suimon.intake.admission import Admission
from tests.simulation.alerts import incident_of
from tests.simulation.bug import Bug
from tests.simulation.partitions import KINDS
from tests.simulation.plan import GOOD, Put
from tests.simulation.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.volume import Amount
    from suimon.ledger.drops import Changes
    from tests.simulation.memory import Memory
    from tests.simulation.plan import Plan
    from tests.simulation.schedule import Schedule
    from tests.simulation.services.sns import Letter

# Files have one to three rows: of two sizes one is always unusual beside the other.
AT_LEAST, AT_MOST = 80, 125
# In seconds: when the first of the two files behind the drawn ones comes, and the second after it, and how long before
# that one every file of the table is loaded again; 0: never.
LATER, AFTER, BEFORE = (1.0, 400.0, 1500.0), 600.0, (0.0, 0.1, 0.5, 3.0)
_WHOLE_TABLES = next(kind for kind in KINDS if kind.name == "whole tables")


@dataclass(frozen=True)
class Volumes:
    """Files that replace the whole table and are compared with the last one; the index of the ledger does not lag."""

    name: str = "volumes"

    def is_for(self, plan: Plan) -> bool:
        """Whether the plan has files of this kind: none that are parts of a set."""
        return _WHOLE_TABLES.is_for(plan)

    def over(self, plan: Plan) -> Plan:
        """Return the plan with such files in the place of those of sales, and two more, each once others are loaded.

        Just before the last one a replay may take away what it would be compared with.
        """
        plan = _WHOLE_TABLES.over(plan)
        drawn = crc32(repr(plan.puts).encode())
        after = plan.puts[-1].at + LATER[drawn % len(LATER)]
        more = tuple(self._put(after + number * AFTER, drawn // 7**number, number) for number in (0, 1))
        before = BEFORE[drawn // 343 % len(BEFORE)]
        bounds = (Bound(Measure.ROWS, "few", AT_LEAST), Bound(Measure.ROWS, "many", AT_MOST))
        sales, *others = plan.contracts.all
        return replace(
            plan,
            contracts=Contracts((replace(sales, volume=Volume(bounds, 1)), *others)),
            puts=(*plan.puts, *more),
            replays=(*plan.replays, *((more[-1].at - before,) if before else ())),
            heals=plan.heals + more[-1].at,
            lag=0,
        )

    @staticmethod
    def _put(at: float, drawn: int, number: int) -> Put:
        rows = b"".join(b"\nmore%d.%d" % (number, row) for row in range(1 + drawn % 3))
        return Put(at, _WHOLE_TABLES.first[0], GOOD + rows, (0.3,))


class VolumesSeen:
    """What the gate may have seen of other files when it accepted one; empty where nothing is compared."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._loaded: dict[str, str] = {}  # the order of each loaded file, by drop id
        self._before: dict[str, set[str | None]] = {}  # of each claimed file: which ones were the last since its claim
        self.wrong: list[str] = []
        self.lies: list[str] = []
        self.said: list[tuple[str, str]] = []  # of each file that was compared: its drop id and what it is

    def written(self, after: Mapping[str, Any]) -> None:
        """Compare a file once it is accepted; remember what is loaded."""
        drop_id, state = after["drop_id"], after["state"]
        if not any(one.volume for one in self._memory.functions.contracts.all if one.dataset == after.get("dataset")):
            return
        if state == "VALIDATING" and after["attempt"] == 1:
            self._before.setdefault(drop_id, set())
        if state == "LOADED":
            self._loaded[drop_id] = written_order(after["sequencer"])
        else:
            self._loaded.pop(drop_id, None)
        for claimed, before in self._before.items():
            before.add(self._newest_but(claimed))
        if state == "ACCEPTED" and drop_id in self._before and after.get("volume"):
            said, right = str(after["volume"]).partition(":")[0], self._states(drop_id)
            self.said.append((drop_id, said))
            if said not in right:
                self.wrong.append(f"{self._memory.name(drop_id)} is {said}, and must be {' or '.join(sorted(right))}")
        if state not in {"VALIDATING", "RECEIVED"}:
            self._before.pop(drop_id, None)

    def published(self, letter: Letter) -> None:
        """Compare a recovery with what is being accepted: it is told before the ledger has it."""
        is_recovery = letter.subject.startswith("[RECOVERED] ") and incident_of(letter).startswith("volume:")
        if is_recovery and not any("usual" in self._states(one) for one in self._before):
            self.lies.append(letter.subject)

    def _newest_but(self, claimed: str) -> str | None:
        others = [(order, one) for one, order in self._loaded.items() if one != claimed]
        return max(others)[1] if others else None

    def _states(self, drop_id: str) -> set[str]:
        return {self._state(drop_id, before) for before in self._before[drop_id]}

    def _state(self, drop_id: str, before: str | None) -> str:
        if before is None:
            return "not enough history"
        rows, usual_rows = (len(rows_of(self._memory.bodies[one])) for one in (drop_id, before))
        holds = usual_rows * AT_LEAST <= rows * 100 <= usual_rows * AT_MOST
        return "usual" if holds or not usual_rows else "unusual"


def volumes_are_compared_with_what_is_loaded(end: Schedule) -> Iterator[str]:
    """A file is unusual, usual, or of too little history, by its rows and those of the last file that was loaded."""
    yield from end.volumes.wrong


def unusual_volumes_are_told(end: Schedule) -> Iterator[str]:
    """Whoever has heard nothing of a file's volume may believe that it is usual, or not known."""
    said = end.volumes.said
    last = next((number for number in range(len(said), 0, -1) if said[number - 1][1] == "usual"), 0)
    unusual = [drop_id for drop_id, what in said[last:] if what == "unusual"]
    told = [letter.message for letter in end.services.sns.letters if "usual volume" in letter.subject]
    if unusual and not any(unusual[-1] in message for message in told):
        yield f"nobody was told that {end.name(unusual[-1])} is of unusual volume"


def recoveries_of_volumes_are_true(end: Schedule) -> Iterator[str]:
    """A file whose volume nobody can compare ends no warning."""
    for subject in end.volumes.lies:
        yield f"{subject}, and no file of usual volume had come"


PROMISES_OF_VOLUMES = (
    volumes_are_compared_with_what_is_loaded,
    unusual_volumes_are_told,
    recoveries_of_volumes_are_true,
)


def _oldest_first(drops: Sequence[DropRecord], contract: Contract) -> list[Amount]:
    return loaded_amounts([*reversed(drops)], contract)


def _loaded_or_not(drops: Sequence[DropRecord], contract: Contract) -> list[Amount]:
    return loaded_amounts([replace(one, state=State.LOADED) for one in drops], contract)


def _accept_then_tell(
    self: Admission, record: DropRecord, contract: Contract, volume: Compared | None, changes: Changes
) -> DropRecord:
    if volume:
        changes["volume"] = str(volume)
    accepted = self.accept(record, **changes)
    if volume:
        self._report_volume(record, contract, volume)
    return accepted


BUGS_OF_VOLUMES = (
    Bug(
        "the first of all is compared",
        "a file is compared with the oldest that was loaded",
        ("volumes_are_compared_with_what_is_loaded",),
        ((usual, "loaded_amounts", _oldest_first),),
    ),
    Bug(
        "what is not loaded is compared",
        "a file is compared with the last one that was accepted, loaded or not",
        ("volumes_are_compared_with_what_is_loaded",),
        ((usual, "loaded_amounts", _loaded_or_not),),
    ),
    Bug(
        "accepted before told",
        "a file is accepted first, and then its volume is told of",
        ("unusual_volumes_are_told",),
        ((Admission, "_accept_compared", _accept_then_tell),),
    ),
    Bug(
        "not known is usual",
        "a file that nothing can be compared with ends the warning of the one before it",
        ("recoveries_of_volumes_are_true",),
        ((Compared, "is_usual", property(lambda self: not self.breaches)),),
    ),
)

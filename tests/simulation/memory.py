"""What a schedule remembers, so that promises can be looked at: what was put, and all that the ledger ever held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suimon.contract.model import Role
from suimon.contract.placeholders import SHARD
from suimon.drops.drop import Drop, written_order
from suimon.drops.states import State
from tests.simulation.alerts import Alerts
from tests.simulation.holding import Holds
from tests.simulation.promises import move_is_wrong
from tests.simulation.volumes import VolumesSeen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.deployment import Functions
    from tests.simulation.kept_services import Services
    from tests.simulation.plan import Plan
    from tests.simulation.sweeping import Sweeping
    from tests.simulation.world import World

AGAIN = 2  # starts of a run that somebody has cleared


@dataclass(frozen=True)
class Verdict:
    """What the gate said of a file, by which version, and from when until when its function was at it."""

    drop_id: str
    accepted: bool
    version: str
    began: float
    ended: float


class Memory:
    """Written as things happen, by the services themselves."""

    services: Services
    functions: Functions
    sweeping: Sweeping
    world: World
    plan: Plan

    def __init__(self) -> None:
        self.put: list[Drop] = []
        self.bodies: dict[str, bytes] = {}
        self.deleted: set[str] = set()
        self.drops: dict[str, dict[str, Any]] = {}  # the ledger's records, by drop id
        self.sets: dict[str, dict[str, Any]] = {}  # the ledger's items of sets
        self.states: dict[str, list[str]] = {}  # every state a drop came to, by drop id
        self.failed: dict[str, int] = {}  # the attempt that failed last, by drop id; shards follow the one of their set
        self.untold: list[str] = []  # drop ids of what failed in a run of which nobody had been told
        self.wrong_moves: list[str] = []
        self.verdicts: list[Verdict] = []
        self.writes = 0  # of drops, sets and incidents
        self.alerts = Alerts(self)
        self.volumes = VolumesSeen(self)
        self.holds = Holds()
        self.retracted: dict[str, float] = {}  # since when a person takes a drop back, by its id

    @property
    def runs(self) -> list[Any]:
        """Airflow's runs."""
        return list(self.services.mwaa.runs.values())

    @property
    def unexplained(self) -> int:
        """The last sweep's figure."""
        return self.sweeping.unexplained

    def partitions(self) -> dict[tuple[str, str], list[Drop]]:
        """What was put for each dataset of files and partition, in the order that counts: by stamp, then as written."""
        found: dict[tuple[str, str], list[Drop]] = {}
        for drop in self.put if self.functions.contracts.all[0].set_rule is None else ():
            if (matched := self.match(drop.key)) is not None:
                found.setdefault(matched, []).append(drop)
        return {whose: sorted(drops, key=self.stamp) for whose, drops in found.items()}

    def stamp(self, drop: Drop) -> str:
        """The time in the name of what was put; empty of what has none."""
        return self.plan.stamps.get(drop.key, "")

    def is_of_slot(self, key: str, other: str) -> bool:
        """Whether a write of one key takes the place of one of the other."""
        return key == other or (self.plan.stamps.keys() >= {key, other} and self._slot(key) == self._slot(other))

    def _slot(self, key: str) -> tuple[tuple[str, str] | None, str]:
        return self.match(key), self.plan.shards.get(key, "")

    def match(self, key: str) -> tuple[str, str] | None:
        """Dataset and partition of a key."""
        matched = self.functions.contracts.match(key)
        return (matched[0].dataset, self.plan.named.get(key, matched[1])) if matched else None

    def is_mended_since(self, drop_id: str) -> bool:
        """Whether this drop, or a later write, is loaded or retracted, and none behind that is in trouble."""
        ids = self.writes_of(self.drops[drop_id]["key"])
        states = [self.drops[one]["state"] for one in ids[ids.index(drop_id) :]] if drop_id in ids else []
        settled = [state for state in states if state in {"LOADED", "REJECTED", "GONE", "FAILED", "RETRACTED"}]
        return settled[-1:] in (["LOADED"], ["RETRACTED"])

    def is_loaded_since(self, drop_id: str) -> bool:
        """Whether this drop or a later write is loaded, or retracted; a duplicate counts as what it repeats."""
        ids = self.writes_of(self.drops[drop_id]["key"])
        since = [self.drops[one] for one in ids[ids.index(drop_id) :]] if drop_id in ids else []
        found = [self.drops[one["duplicate_of"]] if one["state"] == "DUPLICATE" else one for one in since]
        return any(one["state"] in {"LOADED", "RETRACTED"} for one in found)

    def is_checked(self, drop_id: str) -> bool:
        """Whether the checker is asked about a drop: not about what only says which shards there are."""
        key = self.drops[drop_id]["key"]
        return all(one.role_of(key) is not Role.CONTROL for one in self.functions.contracts.all if one.match(key))

    def writes_of(self, key: str) -> list[str]:
        """Drop ids of what the ledger knows in the place of a key, be it a set's, in the order that counts."""
        if SHARD in key:
            found = [item for item in self.drops.values() if item["key"] == key]
            return [item["drop_id"] for item in sorted(found, key=lambda item: written_order(item["sequencer"]))]
        of_slot = [drop for drop in self.put if self.is_of_slot(drop.key, key) and drop.id in self.drops]
        return [drop.id for drop in sorted(of_slot, key=self.stamp)]

    def name(self, drop_id: str) -> str:
        """A drop for a person: the how many-eth file it was, and its id."""
        for number, drop in enumerate(self.put, 1):
            if drop.id == drop_id:
                return f"file {number} = {drop_id[:6]}"
        if drop_id in self.drops:
            return f"set {self.drops[drop_id]['version_id'].partition('.')[0]} = {drop_id[:6]}"
        return drop_id

    def is_committed(self, item: Mapping[str, Any]) -> bool:
        """Whether the rows of a drop's attempt, or of the set that a shard went with, are in the warehouse's log."""
        done, set_id = self.services.warehouse.committed, item.get("set_id")
        if set_id:
            return any(drop_id == set_id for drop_id, _ in done)
        return (item["drop_id"], item["attempt"]) in done

    def written(self, key: tuple[str, str], before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """Remember a write of the ledger, and what was wrong with it."""
        if key[1] != "drop" or after is None:
            self.writes += key[1] in {"incident", "set", "hold"}
            self._written_beside(key, after)
            return
        self.writes += 1
        drop_id = after["drop_id"]
        self.drops[drop_id] = after
        self.volumes.written(after)
        if "retraction" in after:
            self.retracted.setdefault(drop_id, self.world.now)
        states = self.states.setdefault(drop_id, [])
        if before and before["state"] == State.VALIDATING and after["state"] in {State.ACCEPTED, State.REJECTED}:
            began = self.world.current.began if self.world.current else self.world.now
            version = after.get("contract_version") or ""
            self.verdicts.append(Verdict(drop_id, after["state"] == State.ACCEPTED, version, began, self.world.now))
        if not states or states[-1] != after["state"]:
            states.append(str(after["state"]))
            if after["state"] == State.ACCEPTED:
                self.holds.accepted.setdefault(drop_id, self.world.now)
            if after["state"] == State.FAILED and not self._is_told(after):
                self.untold.append(drop_id)
        if wrong := move_is_wrong(before, after):
            self.wrong_moves.append(f"{self.name(drop_id)} {wrong}")
        if after["state"] == "LOADED" and states[-2:-1] != ["LOADED"] and not self.is_committed(after):
            self.wrong_moves.append(f"{self.name(drop_id)} is LOADED before its rows are")
        if after["state"] == "FAILED" and states[-2:-1] != ["FAILED"] and self._goes_on(after):
            self.wrong_moves.append(f"{self.name(drop_id)} is FAILED while its run goes on")

    def _written_beside(self, key: tuple[str, str], after: dict[str, Any] | None) -> None:
        if after is None:
            return
        match key[1]:
            case "set":
                self.sets[key[0]] = after
            case "incident":
                self.alerts.recorded(after)
            case "hold":
                self.holds.written.append((self.world.now, after))

    def _goes_on(self, item: dict[str, Any]) -> bool:
        """Whether no task of a drop's own run has failed; whoever clears a run takes its failures away."""
        run_id = f"{item['drop_id']}.{item['attempt']}"
        runs = [one for one in self.runs if one.run_id == run_id and one.starts < AGAIN]
        return bool(runs) and "failed" not in runs[0].tasks.values()

    def _is_told(self, failed: dict[str, Any]) -> bool:
        """Whether a letter names a run of the attempt that failed, by its id in Airflow; a shard has its set's."""
        drop_id = failed["drop_id"]
        if set_id := failed.get("set_id"):
            whose = (set_id, self.failed.get(set_id))
        else:
            whose = (drop_id, failed["attempt"])
            self.failed[drop_id] = failed["attempt"]
        ids = [run.run_id for run in self.runs if (run.conf["drop_id"], run.conf["attempt"]) == whose]
        return any(f"run {one}," in letter.message for letter in self.services.sns.letters for one in ids)

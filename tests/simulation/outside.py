"""What the outside world does to a stack: files are put, troubles come and go, and persons do what persons do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.drops.drop import Drop
from tests.simulation.forgeries import forge
from tests.simulation.meddling import closable, spoil
from tests.simulation.memory import Memory
from tests.simulation.plan import RAW
from tests.simulation.replays import Replay
from tests.simulation.retracting import retractable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.aws import Aws
    from tests.simulation.dags import Dags
    from tests.simulation.forgeries import Forgery
    from tests.simulation.holding import Holding
    from tests.simulation.meddling import Meddling
    from tests.simulation.plan import Plan, Put, Spell
    from tests.simulation.replaying import Replaying
    from tests.simulation.retracting import Retracting


class Outside(Memory):
    """A plan, and all else that was drawn of the outside world."""

    plan: Plan
    meddling: Meddling
    holding: Holding
    retracting: Retracting
    forgeries: tuple[Forgery, ...]
    aws: Aws
    dags: Dags
    replays: list[Replay]
    looks_before: float
    replaying: Replaying

    def happens(self) -> None:
        """Put on the clock what happens."""
        world, plan = self.world, self.plan
        for put in plan.puts:
            world.at(put.at, lambda put=put: self._put(put))  # type: ignore[misc]
        if plan.release:
            world.at(plan.release.at, self._deploy)
            world.at(plan.release.dags_at, self._deploy_dags)
        for spell in plan.spells:
            world.at(spell.begins, lambda spell=spell: self._begin(spell))  # type: ignore[misc]
            world.at(spell.ends, lambda spell=spell: self._end(spell.what))  # type: ignore[misc]
        for number, at in enumerate(plan.replays, 1):
            of, how = self.functions.contracts.all[0], self.replaying.seen_for(self.looks_before)
            replay = Replay(world, self.functions, self.services.sfn, f"replay {number}", of, how)
            replay.on_resume = self.replays.append
            world.at(max(at - how.looks, 0.0), lambda replay=replay: self._replay(replay))  # type: ignore[misc]
        self._meddle()
        for forgery in self.forgeries:
            world.at(forgery.at, lambda forgery=forgery: self._forge(forgery))  # type: ignore[misc]
        if plan.clears:
            world.at(plan.clears, lambda: self._clear("failed"))
        if plan.deletion:
            world.at(plan.deletion, self._delete)

    def _deploy(self) -> None:
        assert self.plan.release
        self._say("operator", "deploys the functions of another release")
        self.functions.contracts = self.plan.release.contracts  # whoever runs goes on with those it began with

    def _deploy_dags(self) -> None:
        assert self.plan.release
        self._say("operator", "deploys the DAGs of another release")
        self.dags.contracts = self.plan.release.contracts

    def _meddle(self) -> None:
        world, does = self.world, self.meddling
        if does.unreadable:
            self._refuse(refuses=True)
            world.at(does.unreadable, lambda: self._refuse(refuses=False))
        if does.spoils:
            world.at(does.spoils, lambda: spoil(self.services.table, does.mark))
        if does.closes:
            world.at(does.closes, self._close)
        if self.holding.begins:
            world.at(self.holding.begins, self._hold)
        if self.holding.released:
            world.at(self.holding.released, self._release)
        for at in self.retracting.at:
            world.at(at, self._retract)
        if self.retracting.clears:
            world.at(self.retracting.clears, lambda: self._clear("failed", "success"))

    def _refuse(self, *, refuses: bool) -> None:
        self._say("outside", f"the raw bucket can{'not' if refuses else ''} be read")
        self.services.s3.refuses = refuses

    def _close(self) -> None:
        if drop_id := closable(self.drops):
            self._say("somebody", f"closes {self.name(drop_id)}")
            self.world.spawn("somebody", lambda: self.functions.close(drop_id))

    def _retract(self) -> None:
        if drop_id := retractable(self.drops, oldest=self.retracting.oldest):
            self._say("somebody", f"retracts {self.name(drop_id)}")
            self._ask(lambda: self.functions.retract(drop_id))

    def _hold(self) -> None:
        dataset, until = self.functions.contracts.all[0].dataset, self.holding.until
        self._say("somebody", f"holds {dataset} until {until}")
        self.world.spawn("somebody", lambda: self.functions.hold(dataset, until))

    def _release(self) -> None:
        dataset = self.functions.contracts.all[0].dataset
        self._say("somebody", f"releases {dataset}")
        self._ask(lambda: self.functions.release(dataset))

    def _ask(self, what: Callable[[], None]) -> None:
        """Have a person ask for something, which may send messages."""
        self.world.spawn("somebody", what, lambda _: self.aws.poll())

    def _triggered(self, conf: dict[str, Any]) -> None:
        process = self.world.current
        began = process.began if process else self.world.now
        self.holds.started.append((self.world.now, began, conf["dataset"]))

    def _put(self, put: Put) -> None:
        self._events = put.events
        if len(self.put) % 2:  # the same bytes under another ETag, as other parts or another key of KMS give them
            self.services.s3.put_in_parts(RAW, put.key, [put.body[:1], put.body[1:]])
        else:
            self.services.s3.put_object(Bucket=RAW, Key=put.key, Body=put.body)

    def _created(self, bucket: str, event: dict[str, Any]) -> None:
        if bucket != RAW:
            return
        told = event["detail"]["object"]
        drop = Drop(RAW, told["key"], told["version-id"], told["etag"], told["size"], told["sequencer"])
        self.put.append(drop)
        self.bodies[drop.id] = self.services.s3.buckets[RAW].keys[drop.key][-1].content
        if self.world.tell:
            what = f"puts {drop.key} ({self.name(drop.id)}): {self.bodies[drop.id]!r}, its event comes {self._events}"
            self.world.tell(self.world.now, "upstream", what)
        self.aws.object_created(event, self._events)

    def _begin(self, spell: Spell) -> None:
        if self.world.now < self.plan.heals:
            self._say("outside", f"trouble: {spell.what}, for {spell.ends - spell.begins:.0f} s")
            self.services.trouble(spell.what)

    def _end(self, what: str) -> None:
        self._say("outside", f"over: {what}")
        self.services.well(what)

    def _replay(self, replay: Replay) -> None:
        self._say("operator", f"starts {replay.name}")
        self.replays.append(replay)
        replay.start()

    def _forge(self, forgery: Forgery) -> None:
        if known := list(self.drops.values()):
            item = known[forgery.whose % len(known)]
            of = next((one for one in self.functions.contracts.all if one.dataset == item.get("dataset")), None)
            detail = forgery.detail(item, of.dag_id or "" if of else "")
            self._say("forger", f"reports {self.name(item['drop_id'])} as {forgery.claim}, wrong: {forgery.wrong}")
            forge(self.services, detail)

    def _clear(self, *states: str) -> None:
        for one in reversed(self.runs):  # so that what was loaded last is not loaded last again
            if one.state in states:
                self._say("operator", f"clears the run {one.run_id}")
                self.services.mwaa.clear(one.dag_id, one.run_id)

    def _delete(self) -> None:
        if self.put:
            drop = self.put[0]
            self._say("upstream", f"deletes {self.name(drop.id)} for good")
            self.deleted.add(drop.id)
            self.services.s3.delete_object(Bucket=RAW, Key=drop.key, VersionId=drop.version_id)

    def _say(self, who: str, what: str) -> None:
        if self.world.tell:
            self.world.tell(self.world.now, who, what)

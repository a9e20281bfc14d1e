"""What an incident is about, in fields: nobody reads an id. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord


@dataclass(frozen=True, kw_only=True)
class About:
    """What an incident is about. A field that does not apply is empty."""

    dataset: str = ""
    partition: str = ""
    key: str = ""  # of an object in the raw bucket
    stamped_slot: str = ""  # of an object whose key holds a stamp (`DropRecord.slot`)
    shape: str = ""  # of the keys of several objects
    drop_id: str = ""
    run_id: str = ""
    dag_id: str = ""
    table: str = ""
    environment: str = ""
    part: str = ""  # of the sweep
    error: str = ""  # the name of what a check fails with

    @classmethod
    def drop(cls, record: DropRecord, *, dag_id: str = "", environment: str = "") -> About:
        """Return what there is to say of a drop in its present attempt."""
        return cls(
            dataset=record.dataset,
            partition=record.partition,
            key=record.drop.key,
            stamped_slot=record.slot if record.is_stamped else "",
            drop_id=record.id,
            run_id=record.run_id,
            dag_id=dag_id,
            environment=environment,
        )

    @property
    def slot(self) -> str:
        """The slot of an object, its key or what its key is one of: a later one there corrects it."""
        return self.stamped_slot or self.key


NOTHING = About()

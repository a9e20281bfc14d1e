"""Who hears of an incident, in which language and on which clock: from the contracts. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suimon.contract.file import Language
    from suimon.contract.model import Contracts
    from suimon.contract.owner import Owner
    from suimon.incidents.about import About


@dataclass(frozen=True)
class Recipient:
    """Who hears of one dataset, and how. time_zone: of the times in its messages."""

    language: Language = "en"
    owner: Owner | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Recipients:
    """The recipient of every dataset, DAG and table; `other` is for what is of no dataset."""

    datasets: Mapping[str, Recipient] = field(default_factory=dict)
    dags: Mapping[str, Recipient] = field(default_factory=dict)
    tables: Mapping[str, Recipient] = field(default_factory=dict)
    other: Recipient = Recipient()

    @classmethod
    def of(cls, contracts: Contracts) -> Recipients:
        """Return the recipients of a release; what is of no dataset is in the language of all gated ones."""
        zones = zones_of(contracts)
        recipients = {
            one.dataset: Recipient(one.language, one.owner, zones.get(one.dataset, zones[""])) for one in contracts.all
        }
        languages = {one.language for one in contracts.all if one.dag_id}
        return cls(
            datasets=recipients,
            dags={one.dag_id: recipients[one.dataset] for one in contracts.all if one.dag_id},
            # A table that is loaded and watched by two contracts is its loader's.
            tables={
                one.table: recipients[one.dataset] for one in sorted(contracts.all, key=lambda one: bool(one.dag_id))
            },
            other=Recipient("ja" if languages == {"ja"} else "en", None, zones[""]),
        )

    def to(self, about: About) -> Recipient:
        """Return the recipient of what an incident is about."""
        return (
            self.datasets.get(about.dataset)
            or self.dags.get(about.dag_id)
            or self.tables.get(about.table)
            or self.other
        )


def zones_of(contracts: Contracts) -> dict[str, str]:
    """Return the zone of each dataset that has one; under "", the one of most of them, for all else."""
    zones = {one.dataset: one.arrival.time_zone for one in contracts.all if one.arrival}
    most = Counter(zones.values()).most_common(1)
    return zones | {"": most[0][0] if most else "UTC"}

"""Some days of the year as their reader gets them, in both languages, whole: kept as files that people have read.

`python -m tests.functional.freshness.test_days_as_received` writes them again; read the difference as such a reader.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from suimon.contract.file import LANGUAGES, Language
from suimon.contract.model import Contracts
from suimon.contract.owner import Owner
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from tests.functional.freshness import lived_year
from tests.functional.freshness.lived_year import CONTRACTS, YEAR, Year

HERE = Path(__file__).parent
# A file of tokyo that is late, missing and comes; one of new_york that has too little. And the day of a lock.
DAYS = (("02-10", "02-14"), ("06-05", "06-06"))


class Received(Year):
    """A year whose letters are kept whole."""

    def __init__(self, contracts: Contracts) -> None:
        super().__init__()
        self.letters: list[str] = []
        publisher = Publisher(self, "topic", recipients=Recipients.of(contracts), stack="suimon-prod")  # type: ignore[arg-type]  # publishes, and that is all
        store = IncidentStore(self.watch.incidents._table, publisher)
        self.watch = replace(self.watch, contracts=contracts, incidents=store)

    def publish(self, **message: str) -> None:
        body = json.loads(message["Message"])["email"]
        self.letters.append(f"{self.now:%Y-%m-%d %H:%M} UTC\nSubject: {message['Subject']}\n\n{body.rstrip()}\n")


def days_in(language: Language) -> str:
    owner = Owner("Data", "mailto:data@example.com")
    contracts = Contracts(tuple(replace(one, language=language, owner=owner) for one in CONTRACTS.all))
    letters = list[str]()
    with patch.object(lived_year, "CONTRACTS", contracts):
        for days in DAYS:
            first, last = (datetime.fromisoformat(f"{YEAR}-{day}").replace(tzinfo=UTC) for day in days)
            year = Received(contracts)
            year.live(first, last)
            letters += [one for one in year.letters if one >= f"{first:%Y-%m-%d}"]
    return ("-" * 40 + "\n").join(letters)


def golden(language: Language) -> Path:
    return HERE / f"days.{language}.txt"


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_are_received_as_people_have_read_them(language: Language) -> None:
    assert days_in(language) == golden(language).read_text(encoding="utf-8")


if __name__ == "__main__":
    for one in LANGUAGES:
        golden(one).write_text(days_in(one), encoding="utf-8")

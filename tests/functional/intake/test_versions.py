"""Versions of a contract at the gate: a file, its replay and its report go by the version of its business date."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from suimon.contract.model import Contracts
from suimon.contract.odcs.parse import read_contract
from suimon.drops.states import State
from suimon.intake.replays import ReplayRequest, replay
from tests.functional.intake.gated import NOON, FakeMwaa, body_of, loaded, put

if TYPE_CHECKING:
    from suimon.drops.drop import Drop
    from suimon.intake.gate import Gate
    from tests.functional.conftest import Post

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "readings"
OF_MARCH = (FOLDER / "golden" / "2026-03-31.csv").read_text(encoding="utf-8").encode("cp932")
OF_APRIL = (FOLDER / "golden" / "2026-04-01.csv").read_bytes()


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return Contracts((read_contract(FOLDER / "contract.odcs.yaml"),))


def send(day: str, content: bytes) -> Drop:
    return put(content, f"readings/{day}/readings.csv")


def before(gate: Gate) -> Gate:
    """Return the gate of the release before the change, which knows the old contract alone."""
    return replace(gate, contracts=Contracts((read_contract(FOLDER / "versions" / "1.0.0.odcs.yaml"),)))


def judged(gate: Gate, drop: Drop) -> tuple[State, str | None]:
    record = gate.ledger.get(drop.id)
    assert record
    return record.state, record.contract_version


def version_beside(gate: Gate, drop: Drop) -> str:
    record = gate.ledger.get(drop.id)
    assert record
    copy = json.loads(body_of("lake", f"accepted/readings/{record.partition}/{drop.id}/_contract.json"))
    assert "earlier" not in copy
    return str(copy["version"])


def test_each_file_is_judged_by_the_version_of_its_date(gate: Gate) -> None:
    march, april = send("2026-03-31", OF_MARCH), send("2026-04-01", OF_APRIL)
    for drop, version in ((march, "1.0.0"), (april, "2.0.0")):
        gate.take(drop)
        assert judged(gate, drop) == (State.TRIGGERED, version)
        assert version_beside(gate, drop) == version


def test_a_file_of_the_other_version_is_rejected_and_its_report_names_the_version(gate: Gate, post: Post) -> None:
    late, early = send("2026-04-01", OF_MARCH.replace(b"03/31", b"04/01")), send("2026-03-31", OF_APRIL)
    for drop, version in ((late, "2.0.0"), (early, "1.0.0")):
        gate.take(drop)
        assert judged(gate, drop) == (State.REJECTED, version)
        [(_, body)] = post.letters()
        assert f"readings {version}" in body
        record = gate.ledger.get(drop.id)
        assert record
        assert record.rejection
        report = record.rejection.report.removeprefix("s3://reports/").replace("report.html", "report.json")
        assert json.loads(body_of("reports", report))["contract_version"] == version


def test_a_replay_of_march_in_a_later_release_is_judged_by_marchs_contract(gate: Gate, mwaa: FakeMwaa) -> None:
    drop = send("2026-03-31", OF_MARCH)
    loaded(before(gate), drop)
    again = replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    assert (again.state, again.contract_version) == (State.TRIGGERED, "1.0.0")
    assert version_beside(gate, drop) == "1.0.0"
    assert list(mwaa.runs) == [f"{drop.id}.1", f"{drop.id}.2"]


def test_what_was_checked_before_the_version_came_is_checked_by_it_when_it_is_replayed(gate: Gate) -> None:
    drop = send("2026-04-01", OF_APRIL)
    before(gate).take(drop)
    assert judged(gate, drop) == (State.REJECTED, "1.0.0")
    replay(gate, ReplayRequest(drop.id, 2, "token", "execution"))
    assert judged(gate, drop) == (State.TRIGGERED, "2.0.0")


def test_as_accepted_goes_before_the_version_of_the_date(gate: Gate) -> None:
    drop = send("2026-04-01", OF_MARCH.replace(b"03/31", b"04/01"))
    loaded(before(gate), drop)
    as_accepted = ReplayRequest(drop.id, 2, "token", "execution", as_accepted=True)
    again = replay(gate, as_accepted)
    assert (again.state, again.contract_version) == (State.TRIGGERED, "1.0.0")
    assert version_beside(gate, drop) == "1.0.0"
    gate.ledger.move(again, State.LOADED, NOON)
    replay(gate, ReplayRequest(drop.id, 3, "token", "another"))
    assert judged(gate, drop) == (State.REJECTED, "2.0.0")

"""A run is of the release of the DAGs that run it, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from suimon_etl import release

if TYPE_CHECKING:
    from pathlib import Path

OWN, OTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def named_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "release.txt"
    monkeypatch.setattr(release, "NAMED_BY", path)
    return path


def test_a_run_of_the_same_release_fits(named_by: Path) -> None:
    named_by.write_text(f"{OWN}\n")
    assert release.mix_of(OWN) == ""


def test_what_was_deployed_by_hand_on_both_sides_fits(named_by: Path) -> None:
    assert not named_by.exists()
    assert release.mix_of("") == ""


@pytest.mark.parametrize(("own", "asked"), [(OWN, OTHER), (OWN, ""), ("", OTHER)])
def test_a_mix_is_refused_with_both_names_and_what_to_do(named_by: Path, own: str, asked: str) -> None:
    if own:
        named_by.write_text(own)
    wrong = release.mix_of(asked)
    assert f"of release {asked or 'unnamed'}, the DAGs are of {own or 'unnamed'}" in wrong
    assert "make deploy" in wrong
    assert "suimon retry" in wrong


def test_airflow_shows_which_release_its_dags_are_of(named_by: Path) -> None:
    named_by.write_text(OWN)
    assert release.release_tag(release.own_release()) == f"release {OWN}"

"""Manifests and markers at the gate, on moto: they say which shards are a set, before them or after them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from suimon.aws.objects import Objects
from suimon.contract.odcs.parse import read_contract_files
from suimon.intake import inspection
from suimon.intake.inspection import FileInspector
from suimon.intake.shards import Gathering

from .set_world import ACCEPTED, DAY, LOADED, MANIFEST, MARKER, REJECTED, SUPERSEDED, TRIGGERED, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from suimon.contract.model import Contract
    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import DropRecord
    from suimon.drops.states import State
    from tests.functional.conftest import Post


def test_the_shards_that_a_manifest_lists_are_the_set_whatever_comes_first(world: Callable[[SetRule], World]) -> None:
    orders = world(MANIFEST)
    early, stray = orders.shard(1), orders.shard(9)
    manifest = orders.put("manifest.json", json.dumps({"files": ["part-1.csv", f"orders/{DAY}/part-2.csv"]}))
    orders.take(early, stray, manifest)
    assert orders.states(early, stray, manifest) == [ACCEPTED, REJECTED, ACCEPTED]
    late, another = orders.shard(2), orders.shard(8)
    orders.take(another, late)
    [run_id] = orders.mwaa.runs
    assert orders.names(run_id) == ["part-1.csv", "part-2.csv"]
    orders.finish(run_id)
    assert orders.states(early, late, manifest, another) == [LOADED, LOADED, LOADED, REJECTED]


def test_a_new_manifest_redefines_the_set(world: Callable[[SetRule], World]) -> None:
    orders = world(replace(MANIFEST, reload=True))
    drops = [orders.shard(1), orders.shard(2)]
    manifest = orders.put("manifest.json", '{"files": ["part-1.csv"]}')
    orders.take(drops[0], manifest)
    corrected = orders.put("manifest.json", '{"files": ["part-1.csv", "part-2.csv"]}')
    orders.take(corrected)
    assert orders.states(manifest, corrected) == [TRIGGERED, ACCEPTED]
    orders.take(drops[1])
    first, second = orders.mwaa.runs
    orders.finish(first)
    orders.finish(second)
    assert orders.states(*drops, manifest, corrected) == [LOADED] * 4


def test_a_manifest_whose_version_is_gone_gives_way_to_the_next(world: Callable[[SetRule], World]) -> None:
    orders = world(MANIFEST)
    first = orders.put("manifest.json", '{"files": ["part-9.csv"]}')
    orders.take(first, orders.shard(1))
    orders.s3.delete_object(Bucket="raw", Key=first.key, VersionId=first.version_id)
    second, shard = orders.put("manifest.json", '{"files": ["part-1.csv"]}'), orders.shard(1, "new\n")
    orders.take(second, shard)
    [run_id] = orders.mwaa.runs
    assert orders.names(run_id) == ["part-1.csv"]
    assert orders.states(first, second, shard) == [SUPERSEDED, TRIGGERED, TRIGGERED]


def test_a_manifest_sent_again_opens_no_second_run_and_ends_with_the_set_that_is_there(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(MANIFEST)
    first = orders.put("manifest.json", '{"files": ["part-1.csv"]}')
    orders.take(first, orders.shard(1))
    [run_id] = orders.mwaa.runs
    orders.finish(run_id)
    again = orders.put("manifest.json", '{"files": ["part-1.csv"]}')
    orders.take(again)
    assert list(orders.mwaa.runs) == [run_id]
    assert orders.states(first, again) == [LOADED, LOADED]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("part-1.csv\n", "not JSON"),
        ('{"files": []}', "at least one"),
        ('{"files": ["part-1.csv", "other.csv"]}', "other.csv"),
        ('{"files": ["orders/2026-11-19/part-1.csv"]}', "orders/2026-11-19/part-1.csv"),
    ],
)
def test_a_manifest_that_names_no_set_is_rejected(
    world: Callable[[SetRule], World], post: Post, content: str, told: str
) -> None:
    orders = world(MANIFEST)
    manifest = orders.put("manifest.json", content)
    orders.take(orders.shard(1), manifest)
    assert orders.states(manifest) == [REJECTED]
    [(_, body)] = post.letters()
    assert told in body


def test_a_marker_before_the_events_of_its_shards_waits_for_all_that_lie_in_the_bucket(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(MARKER)
    drops = [orders.shard(number) for number in range(3)]
    marker = orders.put("_SUCCESS", "")
    orders.take(marker, drops[0], drops[2])
    assert not orders.mwaa.runs
    orders.take(drops[1])
    [run_id] = orders.mwaa.runs
    assert len(orders.names(run_id)) == 3
    orders.finish(run_id)
    assert orders.states(*drops, marker) == [LOADED] * 4


def test_a_marker_without_shards_is_rejected(world: Callable[[SetRule], World], post: Post) -> None:
    orders = world(MARKER)
    marker = orders.put("_SUCCESS", "")
    orders.take(marker)
    assert orders.states(marker) == [REJECTED]
    [(_, body)] = post.letters()
    assert f"no orders/{DAY}/part-{{shard}}.csv has come before it" in body


@pytest.mark.parametrize("rule", [MANIFEST, MARKER])
def test_a_manifest_is_read_once_and_the_bucket_listed_once(
    world: Callable[[SetRule], World], monkeypatch: pytest.MonkeyPatch, rule: SetRule
) -> None:
    orders, read = world(rule), Gathering.read_names
    readings: list[str] = []

    def counted(self: Gathering, record: DropRecord, contract: Contract) -> frozenset[str]:
        readings.append(record.id)
        return read(self, record, contract)

    monkeypatch.setattr(Gathering, "read_names", counted)
    shard = orders.shard(1)
    control = orders.put("manifest.json" if rule.manifest else "_SUCCESS", '{"files": ["part-1.csv"]}')
    orders.take(shard, control)
    assert orders.states(shard, control) == [TRIGGERED, TRIGGERED]
    assert readings == [control.id]


@pytest.mark.parametrize(("rule", "state"), [(MARKER, TRIGGERED), (replace(MARKER, reload=False), REJECTED)])
def test_a_shard_after_the_run_of_a_marker_follows_the_policy(
    world: Callable[[SetRule], World], rule: SetRule, state: State
) -> None:
    orders = world(rule)
    orders.take(orders.shard(1), orders.put("_SUCCESS", ""))
    late = orders.shard(2)
    orders.take(late)
    assert orders.states(late) == [state]
    assert len(orders.mwaa.runs) == (2 if rule.reload else 1)


@pytest.mark.parametrize("rule", [MARKER, MANIFEST])
def test_a_marker_or_manifest_under_an_absurd_date_waits_for_no_shards(
    world: Callable[[SetRule], World], rule: SetRule
) -> None:
    orders = world(rule)
    control = orders.put("manifest.json" if rule.manifest else "_SUCCESS", '{"files": ["part-1.csv"]}', "2062-11-20")
    orders.take(control)
    assert orders.states(control) == [REJECTED]
    [incident] = orders.incidents.open_incidents()
    assert str(incident.id).startswith("misdated:orders")
    assert not orders.mwaa.runs


@pytest.mark.hits("part-is-behind-its-set")
def test_a_marker_that_another_has_followed_ends_as_its_set_when_the_sweep_resumes_it(
    world: Callable[[SetRule], World],
) -> None:
    orders = world(MARKER)
    orders.take(orders.shard(1), orders.put("_SUCCESS", "1"))
    second, third = orders.put("_SUCCESS", "2"), orders.put("_SUCCESS", "3")
    orders.take(second, third)
    orders.finish(orders.last_run(DAY))
    assert orders.states(second, third) == [TRIGGERED, LOADED]
    orders.gate.resume(second.id)
    assert orders.states(second) == [LOADED]


def test_the_reference_contract_gathers_real_files(
    world: Callable[[SetRule], World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "SCRATCH_BYTES", 0)  # the machine's disk is not what is tested
    reference = (Path(__file__).parents[3] / "docs/contract.md").read_text(encoding="utf-8")
    example, _, shards = re.findall(r"```yaml\n(.*?)```", reference, re.DOTALL)
    pattern = '  - {property: keyPattern, value: "orders/{ds}/orders.csv"}\n'
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(example.replace(pattern, shards.removeprefix("customProperties:\n")), encoding="utf-8")
    orders = world(MARKER)
    objects = Objects(orders.s3)
    inspector = FileInspector(objects=objects, reports_bucket="reports", scratch=tmp_path, clock=orders.clock)
    orders.gate = replace(orders.gate, contracts=read_contract_files([path]), inspector=inspector, objects=objects)
    header = "shop,number,ordered_on,shipped_on,amount\n"
    bad = orders.shard(1, f"{header}a,1,2026-11-19,,1.00\n")
    good = orders.shard(1, f"{header}a,1,2026-11-20,,1.00\n")
    other, marker = orders.shard(2, f"{header}b,1,2026-11-20,,2.00\nb,2,2026-11-20,,2.00\n"), orders.put("_SUCCESS", "")
    orders.take(marker, bad, other)
    assert not orders.mwaa.runs
    orders.take(good)
    [(run_id, conf)] = orders.mwaa.runs.items()
    assert conf["rows"] == 3
    orders.finish(run_id)
    assert orders.states(bad, good, other, marker) == [REJECTED, LOADED, LOADED, LOADED]
    assert orders.incidents.open_incidents() == []

"""The clause `set`: what is enforced is read, everything else refused at its line."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.contract.set_rule import SetRule

SHARDED = "goods/{ds}/part-{shard}.csv"


@pytest.fixture
def with_set(draft: Callable[..., str]) -> Callable[..., str]:
    def write(rule: str, pattern: str = SHARDED) -> str:
        custom = f"property: set, value: {{{rule}}}" if rule else ""
        return draft(custom=custom).replace("goods/{ds}.csv", pattern)

    return write


@pytest.mark.parametrize(
    ("clause", "rule"),
    [
        ("shards: 4, surplus: reject, completeWithinMinutes: 60", SetRule(4, None, None, False, 60)),  # noqa: FBT003
        (
            "manifest: 'goods/{ds}/manifest.json', surplus: reload, completeWithinMinutes: 1",
            SetRule(None, KeyPattern("goods/{ds}/manifest.json"), None, True, 1),  # noqa: FBT003
        ),
        (
            "marker: 'goods/{ds}/_SUCCESS', late: reject, completeWithinMinutes: 5",
            SetRule(None, None, KeyPattern("goods/{ds}/_SUCCESS"), False, 5),  # noqa: FBT003
        ),
    ],
)
def test_a_set_is_whole_by_number_by_list_or_by_marker(
    reads: Callable[[str], Contract], with_set: Callable[..., str], clause: str, rule: SetRule
) -> None:
    contract = reads(with_set(clause))
    assert contract.set_rule == rule
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("clause", "pattern", "told"),
    [
        ("", SHARDED, "needs customProperties, property set"),
        ("shards: 4, surplus: reject, completeWithinMinutes: 60", "goods/{ds}.csv", "not enforced without {shard}"),
        ("surplus: reject, completeWithinMinutes: 60", SHARDED, "exactly one of shards, manifest, marker"),
        ("shards: 4, marker: 'g/{ds}', late: reject, completeWithinMinutes: 60", SHARDED, "exactly one of"),
        ("shards: 4, completeWithinMinutes: 60", SHARDED, "surplus is missing"),
        ("shards: 4, surplus: reject", SHARDED, "completeWithinMinutes is missing"),
        ("shards: 0, surplus: reject, completeWithinMinutes: 60", SHARDED, "at least 1"),
        ("shards: 1001, surplus: reject, completeWithinMinutes: 60", SHARDED, "at most 1000"),
        ("shards: 4, surplus: keep, completeWithinMinutes: 60", SHARDED, "must be one of reject, reload"),
        ("shards: 4, surplus: reject, late: reject, completeWithinMinutes: 60", SHARDED, "not enforced with shards"),
        ("marker: 'g/{ds}', surplus: reject, completeWithinMinutes: 60", SHARDED, "write late"),
        ("marker: 'goods/_SUCCESS', late: reject, completeWithinMinutes: 60", SHARDED, "holds no {ds}"),
        ("marker: 'g/{ds}/{shard}', late: reject, completeWithinMinutes: 60", SHARDED, "a set has one marker"),
        ("marker: 'g/{ds}/_SUCCESS', late: reject, completeWithinMinutes: 60", "g/{ds}/{shard}", "could be a shard"),
        (
            "marker: 'g/{ds}.ok', late: reject, completeWithinMinutes: 60",
            "g/{shard}/{ds}.csv",
            "the whole date and every part must stand before",
        ),
        ("shards: 4, surplus: reject, completeWithinMinutes: 60, colour: red", SHARDED, "not enforced"),
    ],
)
def test_a_set_that_could_not_be_enforced_is_refused(
    refused: Callable[[str], list[str]], with_set: Callable[..., str], clause: str, pattern: str, told: str
) -> None:
    assert any(told in problem for problem in refused(with_set(clause, pattern)))


PIECE = st.sampled_from(["a", "-", "2", "/", "{shard}", "{ds}", "2026-11-", "20"])


@st.composite
def patterns(draw: st.DrawFn) -> KeyPattern:
    pieces = draw(st.lists(PIECE, max_size=5))
    once = [piece for place, piece in enumerate(pieces) if piece != "{shard}" or place == pieces.index("{shard}")]
    return KeyPattern("".join([*once, "{ds}"]))


@given(patterns(), patterns(), st.sampled_from(["a", "2", "-", "2026-11-20", "a-a", "20-", "2026-11-202026-11-20"]))
def test_patterns_that_share_a_key_are_always_told(one: KeyPattern, other: KeyPattern, shard: str) -> None:
    key = one.key_for("2026-11-20", shard)
    assert one.match(key) == "2026-11-20"
    assert one.key_for("2026-11-20", one.shard(key) or "{shard}") == key
    if other.match(key):
        assert one.may_meet(other)
        assert other.may_meet(one)

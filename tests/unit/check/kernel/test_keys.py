"""Keys of a whole file as hashes: exactly those that stand twice are found, in memory or spilled."""

import ctypes
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from suimon.check.kernel import keys, library
from suimon.check.kernel.keys import Keys, wanted_of
from suimon.check.kernel.sift import PARTS, Hashes


def parted(hashes: list[int]) -> Hashes:
    """Return hashes as the kernel parts them."""
    kernel = library.found()
    assert kernel
    given, made = (ctypes.c_uint64 * len(hashes))(*hashes), (ctypes.c_uint64 * len(hashes))()
    counts = (ctypes.c_int64 * PARTS)()
    kernel.suimon_scatter(given, len(hashes), made, counts)
    return Hashes(bytes(made), list(counts))


@pytest.mark.parametrize("memory", [0, 1_000, keys.MEMORY_BYTES], ids=["all spilled", "much spilled", "none"])
@pytest.mark.parametrize("spread", [64, 57], ids=["over all parts", "in one part"])
def test_exactly_the_hashes_that_stand_twice_are_found(
    memory: int, spread: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MEMORY_BYTES", memory)
    draw = Random(spread)  # noqa: S311
    known = [draw.getrandbits(spread - 1) + 1 for _ in range(3_000)]
    known += draw.sample(known, 200) + [known[0]] * 5
    draw.shuffle(known)
    kept = Keys(library.found(), tmp_path, 0)  # type: ignore[arg-type]
    for at in range(0, len(known), 97):
        kept.add(parted(known[at : at + 97]))
    assert bool(list(tmp_path.iterdir())) is (memory < keys._HASH_BYTES * len(known))
    assert set(kept.repeated() or ()) == {one for one, times in Counter(known).items() if times > 1}
    assert not list(tmp_path.iterdir())


def test_of_many_keys_that_repeat_no_list_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_REPEATED", 10)
    kept = Keys(library.found(), tmp_path, 0)  # type: ignore[arg-type]
    for _ in range(2):
        kept.add(parted([number << 50 for number in range(1, 12)]))
    assert kept.repeated() is None


def test_a_table_of_wanted_hashes_holds_them_and_nothing_else() -> None:
    wanted = wanted_of(library.found(), 3, {1, 2**64 - 1, 17, 33})  # type: ignore[arg-type]
    assert (wanted.key, sorted(one for one in wanted.table if one)) == (3, [1, 17, 33, 2**64 - 1])
    assert wanted.size & (wanted.size - 1) == 0

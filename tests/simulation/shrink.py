"""From a failure to the shortest story of it: leave choices out, pull the rest together, make each smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Taken = dict[int, int]


def shrink(taken: Taken, still_fails: Callable[[Taken], bool], tries: int) -> Taken:
    """Return a smaller record that fails the same way; `still_fails` is asked at most `tries` times."""
    seen: set[tuple[tuple[int, int], ...]] = {_key(taken)}
    best = taken
    while True:
        for candidate in _simpler(best):
            key = _key(candidate)
            if key in seen:
                continue
            seen.add(key)
            if tries == 0:
                return best
            tries -= 1
            if still_fails(candidate):
                best = candidate
                break
        else:
            return best


def _key(taken: Taken) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(taken.items()))


def _simpler(taken: Taken) -> Iterator[Taken]:
    """Yield simpler records, the boldest first."""
    yield from _without(taken)
    yield from _smaller(taken)
    yield from _closer(taken)


def _without(taken: Taken) -> Iterator[Taken]:
    """Cut the end off; then leave out blocks, each half as long as the last."""
    places = sorted(taken)
    size = len(places)
    for kept in sorted({0, size // 4, size // 2, size * 3 // 4}):
        if kept < size:
            yield {place: taken[place] for place in places[:kept]}
    block = size // 2
    while block:
        for start in range(0, size, block):
            left_out = set(places[start : start + block])
            yield {place: value for place, value in taken.items() if place not in left_out}
        block //= 2


def _smaller(taken: Taken) -> Iterator[Taken]:
    for place, value in sorted(taken.items()):
        for smaller in sorted({1, value // 2, value - 1}):
            if 0 < smaller < value:
                yield {**taken, place: smaller}


def _closer(taken: Taken) -> Iterator[Taken]:
    """Take out positions that earlier choices left behind when they went: later ones move up."""
    last = -1
    for place in sorted(taken):
        gap = place - last - 1
        for less in sorted({gap, gap // 2, 1}, reverse=True):
            if 0 < less <= gap:
                yield {(at - less if at >= place else at): value for at, value in taken.items()}
        last = place

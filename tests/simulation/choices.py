"""Every accident of a schedule is one choice: a small whole number, 0 meaning that nothing special happens.

A schedule is its seed; what it chose is kept as {position: value} without the zeros, so that a failure can be
repeated without the seed and made shorter by leaving choices out.
"""

from __future__ import annotations

import math
from bisect import bisect
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NEVER = 1 << 60


class Choices:
    """The choices of one schedule, drawn from its seed or repeated from a record.

    `index` is the position of the next choice, `special` the position from which on the next accident happens:
    a point compares the two and is done, which is nearly all that a point costs.
    """

    __slots__ = ("_given", "_random", "_rate", "_seed", "_weights", "index", "special", "taken")

    def __init__(self, seed: int | None = None, given: Mapping[int, int] | None = None) -> None:
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 a game of chance, no secret
        self._given = given
        self._rate = 0.0
        self._weights: Sequence[int] = ()
        self.index = 0
        self.special = NEVER
        self.taken: dict[int, int] = {}

    def pick(self, count: int) -> int:
        """Choose one of 0 … count - 1."""
        index = self.index
        self.index = index + 1
        given = self._given
        value = int(self._random.random() * count) if given is None else min(given.get(index, 0), count - 1)
        if value:
            self.taken[index] = value
        return value

    def among(self, weights: tuple[int, ...]) -> int:
        """Choose a position of `weights`, the heavier the likelier."""
        index = self.index
        self.index = index + 1
        if self._given is None:
            sums = _sums(weights)
            value = bisect(sums, self._random.random() * sums[-1])
        else:
            value = min(self._given.get(index, 0), len(weights) - 1)
        if value:
            self.taken[index] = value
        return value

    @contextmanager
    def apart(self, name: str, first: int) -> Iterator[None]:
        """Draw at positions below 0, from `first` on, and from chances of their own.

        What is added to the outside world is drawn so: neither a record that was kept before nor a seed in which it
        does not happen becomes another schedule.
        """
        index, random = self.index, self._random
        self.index = first
        if self._given is None:
            self._random = Random(f"{name} {self._seed}")  # noqa: S311 as above
        yield
        self.index, self._random = index, random

    def weather(self, rate: float, weights: tuple[int, ...]) -> None:
        """From here on, one point in 1 / rate is special, and this is how likely which accident is.

        It steers only what a seed draws: a record says by itself what happens.
        """
        self._rate = rate
        self._weights = _sums(weights)
        if self._given is None:
            self._next()
        else:
            self.special = 0  # a record is looked up at every position

    def calm(self) -> None:
        """From here on nothing happens by accident, and points take no positions."""
        self.special = NEVER
        self._rate = 0.0

    def accident(self, kinds: int) -> int:
        """What happens at the point whose position was just taken: 0 for nothing, or 1 … kinds."""
        index = self.index - 1
        if self._given is None:
            value = 1 + bisect(self._weights, self._random.random() * self._weights[-1])
            self._next()
        else:
            value = min(self._given.get(index, 0), kinds)
        if value:
            self.taken[index] = value
        return value

    def _next(self) -> None:
        gap = math.log(1.0 - self._random.random()) / math.log(1.0 - self._rate) if self._rate else NEVER
        self.special = self.index + int(gap)


@cache
def _sums(weights: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(accumulate(weights))

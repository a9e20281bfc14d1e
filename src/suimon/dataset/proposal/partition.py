"""Which columns hold the partition that the key of a sample says: a guess for a proposal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.contract.partition import Unit, partition_of
from suimon.dataset.proposal.key import Records, is_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.contract.partition import Partition
    from suimon.dataset.proposal.guess import Guess, Guesses
    from suimon.dataset.proposal.key import Key


def records_of(guesses: Guesses, place: int) -> Records:
    """Return what the records of the sample in that place say of its time and its parts."""
    likely = sorted((one for one in guesses.columns if one.spans), key=_likelihood)
    return Records(
        {one.column.name: span for one in likely if (span := one.spans[place])},
        {one.column.name: text for one in guesses.columns if one.only and (text := one.only[place])},
    )


def holding_columns(key: Key, guesses: Guesses) -> dict[str, str]:
    """Return which columns hold the partition in every sample, by what of it they hold."""
    of = [partition_of(text) for text in key.partitions]
    dated, found = _dated(guesses), dict[str, str]()
    if key.pattern.unit is Unit.HOUR:
        hours = [one for one in dated if one.column.names_an_hour and _is_within(one, of)]
        found.update([("hour", one.column.name) for one in hours[:1]])
        # Of a timestamp the hour counts with its day; a date beside it is the day once more.
        dated = [one for one in dated if one not in hours]
    of_time = [replace(one, unit=Unit.DAY, hour=None) if one.unit is Unit.HOUR else one for one in of]
    role = {Unit.WEEK: "week", Unit.MONTH: "month"}.get(key.pattern.unit, "ds")
    found.update([(role, one.column.name) for one in dated if _is_within(one, of_time)][:1])
    for part in key.pattern.parts:
        values = [dict(one.parts)[part.name] for one in of]
        found.update([(part.name, one.column.name) for one in guesses.columns if list(one.only) == values][:1])
    return found


def _dated(guesses: Guesses) -> list[Guess]:
    """Return the columns that could hold a business date, the likeliest first."""
    return sorted((one for one in guesses.columns if one.column.names_a_day), key=_likelihood)


def _likelihood(guess: Guess) -> tuple[bool, bool, bool]:
    """Sort a column by how likely it holds the business date: a load finds its rows by a date."""
    return not guess.column.names_a_day, not guess.column.required, guess.column.type != "date"


def _is_within(guess: Guess, partitions: Sequence[Partition]) -> bool:
    both = zip(guess.spans, partitions, strict=True)
    return all(span is not None and is_within(span, partition) for span, partition in both)

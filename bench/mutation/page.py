"""docs/mutation.md: the score of each group by module, and every change that no test noticed."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.mutation.campaign import KILLED, TIMEOUT
from bench.mutation.mutants import Mutant

_KNOWN = {
    (one["old"], one["new"]): one["why"]
    for one in tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8"))["mutants"]
}
_TITLES = {
    "drops": "Drops, sets and the trigger of runs",
    "runs": "Replays, the ends of runs and the sweep",
    "incidents": "Incidents",
    "expectations": "Deadlines, calendars and tables",
    "checker": "The checker and the contract's rules",
}


@dataclass(frozen=True)
class Group:
    """A sample of the changes of some modules: how many there are, the verdict on each that was tried, and the first.

    The first is of when it was drawn; since then tests were written for what nobody had noticed.
    """

    name: str
    made: int
    verdicts: Mapping[Mutant, str]
    at_first: Mapping[Mutant, str]

    def __iter__(self) -> Iterator[Mutant]:
        return iter(sorted(self.verdicts, key=lambda one: (one.module, one.name)))

    def is_noticed(self, one: Mutant) -> bool:
        """Whether a test has failed, or has not come to its end."""
        return self.verdicts[one] in {KILLED, TIMEOUT}

    def why_equal(self, one: Mutant) -> str:
        """Return the reason why a change that no test notices makes no difference, if one is known."""
        return "" if self.is_noticed(one) else _KNOWN.get((one.old, one.new), "")

    def counts(self, module: str = "") -> tuple[int, int, int, int]:
        """Return how many were tried, noticed, equal in effect, not noticed: of a module, or of all."""
        ours = [one for one in self if module in {"", one.module}]
        noticed, equal = sum(map(self.is_noticed, ours)), sum(bool(self.why_equal(one)) for one in ours)
        return len(ours), noticed, equal, len(ours) - noticed - equal

    @property
    def percents(self) -> tuple[float, float]:
        """The share of those that differ in effect which tests notice, when they were drawn and now."""
        tried, noticed, equal, _ = self.counts()
        at_first = sum(word in {KILLED, TIMEOUT} for word in self.at_first.values())
        return 100 * at_first / max(tried - equal, 1), 100 * noticed / max(tried - equal, 1)


def page(groups: Sequence[Group], *, seed: int, commit: str) -> str:
    """Write the page: what became of each change, and how those that nobody noticed differ."""
    return "".join(f"{line}\n" for line in _lines(groups, seed, commit))


def _lines(groups: Sequence[Group], seed: int, commit: str) -> Iterator[str]:
    yield "# Would the tests notice?"
    yield ""
    yield "`make mutate` changes the code that decides, one place at a time; for each change the fast tests that reach"
    yield "it run. Only bodies of functions are changed. What only the simulation, `test_oracle.py`, a search of"
    yield f"Hypothesis or `tests/fuzz` would find does not count. The code is that of commit {commit}, the seed {seed}."
    yield "`OF=` names a group, `MUTANTS=` how many of each (0: all), `AGAIN=1` tries only what was not noticed."
    yield ""
    yield "The last two columns are the share, of what differs in effect, that tests notice: when the sample was drawn,"
    yield "and now that tests were written for what it had found. The first is the better guess for all other changes."
    yield ""
    yield "| group | changes there are | tried | noticed | equal in effect | not noticed | when drawn | now |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for group in groups:
        counts = " | ".join(map(str, group.counts()))
        shares = " | ".join(f"{percent:.1f} %" for percent in group.percents)
        yield f"| {_TITLES[group.name]} (`{group.name}`) | {group.made:,} | {counts} | {shares} |"
    for group in groups:
        yield from _of_group(group)


def _of_group(group: Group) -> Iterator[str]:
    yield from ("", f"## {_TITLES[group.name]}", "")
    yield "| module | tried | noticed | equal in effect | not noticed |"
    yield "|---|---:|---:|---:|---:|"
    for module in sorted({one.module for one in group}):
        yield f"| {module} | " + " | ".join(map(str, group.counts(module))) + " |"
    equal = [one for one in group if group.why_equal(one)]
    left = [one for one in group if not group.is_noticed(one) and one not in equal]
    for title, chosen in (("Equal in effect", equal), ("Not noticed", left)):
        if chosen:
            yield from ("", f"### {title}", "")
        for one in chosen:
            why = group.why_equal(one)
            yield f"- {one.module}: `` {one.old} `` became `` {one.new} ``{': ' + why if why else ''}"

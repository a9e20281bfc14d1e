"""docs/mutation.md: the score by module, and every change that no test noticed with a word on why."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

_KNOWN = tomllib.loads((Path(__file__).parent / "equivalent.toml").read_text(encoding="utf-8"))["mutants"]
_NOTICED = ("killed", "timeout")


def page(told: Mapping[str, str], survivors: Mapping[str, str], *, made: int, seed: int, subject: str) -> str:
    """Write the page: what became of each mutant, and how those that lived differ."""
    changes = {name: _change(diff) for name, diff in survivors.items()}
    known = {name: why for name, change in changes.items() if (why := _why(*change))}
    return "".join(f"{line}\n" for line in _lines(told, changes, known, made, seed, subject))


def _lines(
    told: Mapping[str, str],
    changes: Mapping[str, tuple[str, str]],
    known: Mapping[str, str],
    made: int,
    seed: int,
    subject: str,
) -> Iterator[str]:
    yield "# Would the tests notice?"
    yield ""
    yield f"`make mutate OF={subject} MUTANTS={len(told)} SEED={seed}` changed the code in so many places, one at a"
    yield f"time, drawn from the {made:,} that mutmut makes, and ran the fast tests that reach each change; `MUTANTS=0`"
    yield "takes all. `OF=decisions` decides of drops, sets, runs, replays, the sweep and incidents, `OF=expectations`"
    yield "about deadlines, calendars and tables, `OF=checker` is the checker and what the contract's parser decides."
    yield "Only bodies of functions are changed. What"
    yield "only the simulation, `test_oracle.py`, `test_properties.py` or `tests/fuzz` would find does not count."
    yield ""
    yield "| module | changed | noticed | equal in effect | not noticed |"
    yield "|---|---:|---:|---:|---:|"
    modules = Counter(map(_module, told))
    for module in (*sorted(modules), "all"):
        names = [name for name in told if module in {_module(name), "all"}]
        noticed = sum(told[name] in _NOTICED for name in names)
        equal = sum(name in known for name in names)
        left = len(names) - noticed - equal
        yield f"| {module} | {len(names)} | {noticed} | {equal} | {left} |"
    judged = len(told) - len(known)
    noticed = sum(word in _NOTICED for word in told.values())
    yield ""
    percent = 100 * noticed / max(judged, 1)
    yield f"Of the {judged} changes that differ in effect the tests notice {noticed}: {percent:.1f} percent."
    for title, chosen in (
        ("Equal in effect", {name: known[name] for name in known}),
        ("Not noticed", {name: "" for name in changes if name not in known}),
    ):
        yield ""
        yield f"## {title}"
        yield ""
        for name, why in chosen.items():
            old, new = changes[name]
            yield f"- {_module(name)}: `` {old} `` became `` {new} ``{': ' + why if why else ''}"
        if not chosen:
            yield "None."


def _module(name: str) -> str:
    return name.split(".x", 1)[0].removeprefix("suimon.")


def _change(diff: str) -> tuple[str, str]:
    """Return the lines before and after, on one line each."""
    sides = {"-": list[str](), "+": list[str]()}
    for line in diff.splitlines():
        if line[:1] in sides and line[:3] not in {"---", "+++"}:
            sides[line[0]].append(line[1:].strip())
    return " ".join(sides["-"]), " ".join(sides["+"])


def _why(old: str, new: str) -> str:
    """Return the reason why a change makes no difference, if one is known."""
    return next((known["why"] for known in _KNOWN if (known["old"], known["new"]) == (old, new)), "")

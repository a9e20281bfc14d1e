"""Typed values out of clauses: what does not fit becomes a problem, and reading goes on with a stand-in."""

import re
from collections.abc import Iterable
from dataclasses import field
from decimal import Decimal
from typing import TypeVar

from suimon.contract.odcs.clauses import Clause, Grammar, Problem, brief, unenforced
from suimon.values import dataclass

MOST = 2**31 - 1
_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Reader:
    """Collects the problems of one file. A placeholder that it returns is never used: the file is refused."""

    problems: list[Problem]
    _missing: set[str] = field(default_factory=set)  # paths at which something is needed and nothing stands

    def refuse(self, clause: Clause, message: str) -> None:
        """Note what is wrong with a clause."""
        self.problems.append(clause.problem(message))

    def needed(self, clause: Clause, key: str) -> Clause | None:
        """Return what stands under a key; a problem if nothing does."""
        found = clause[key]
        if found is None:
            self.lack(clause, key, f"{key} is missing; add it")
        return found

    def lack(self, clause: Clause, key: str, message: str) -> None:
        """Note that nothing stands under a key where something must."""
        self.refuse(clause, message)
        self._missing.add(_below(clause, key))

    def sound(self, clause: Clause, *keys: str) -> bool:
        """Return whether what was read under the keys is the contract's: what follows from a stand-in is no news."""
        paths = {_below(clause, key) for key in keys}
        return paths.isdisjoint(self._missing) and paths.isdisjoint(problem.path for problem in self.problems)

    def text(self, clause: Clause, key: str, form: str = "(?s).+", wanted: str = "a text") -> str:
        """Return the text under a key, which must be of the form; "" after a problem."""
        found = self.needed(clause, key)
        if found is None:
            return ""
        if not isinstance(found.value, str) or not re.fullmatch(form, found.value):
            self.refuse(found, f"must be {wanted}, is {brief(found)}")
            return ""
        return found.value

    def choice(self, clause: Clause, key: str, choices: tuple[_Choice, ...], default: _Choice | None = None) -> _Choice:
        """Return the one of the choices that stands under a key; without a default it is needed."""
        found = self.needed(clause, key) if default is None else clause[key]
        if found is None:
            return default or choices[0]
        for choice in choices:
            if found.value == choice:
                return choice
        self.refuse(found, f"must be one of {', '.join(choices)}, is {brief(found)}")
        return choices[0]

    def flag(self, clause: Clause, key: str, *, needed: bool = False) -> bool:
        """Return true or false under a key; false if nothing stands there and it is not needed."""
        found = self.needed(clause, key) if needed else clause[key]
        if found is None:
            return False
        if not isinstance(found.value, bool):
            self.refuse(found, f"must be true or false, is {brief(found)}")
            return False
        return found.value

    def whole(self, clause: Clause, key: str, *, least: int = 0, most: int = MOST) -> int:
        """Return the whole number under a key, `least` after a problem."""
        found = self.needed(clause, key)
        if found is None:
            return least
        if not isinstance(found.value, int) or isinstance(found.value, bool) or found.value < least:
            self.refuse(found, f"must be a whole number of at least {least}, is {brief(found)}")
            return least
        if found.value > most:
            self.refuse(found, f"must be at most {most}, is {brief(found)}")
            return least
        return found.value

    def optional_whole(self, clause: Clause | None, key: str, *, least: int = 0, most: int = MOST) -> int | None:
        """Return the whole number under a key; None if nothing stands there."""
        return self.whole(clause, key, least=least, most=most) if clause and clause[key] else None

    def texts(self, items: Iterable[Clause]) -> tuple[str, ...]:
        """Return texts that must differ from each other."""
        found: list[str] = []
        for item in items:
            if not isinstance(item.value, str):
                self.refuse(item, f"must be a text, is {brief(item)}; put it in quotes")
            elif item.value in found:
                self.refuse(item, f"{brief(item.value)} stands twice; keep one")
            else:
                found.append(item.value)
        return tuple(found)

    def custom_properties(self, clause: Clause, known: Grammar) -> dict[str, Clause]:
        """Return the values of customProperties by their name; what is not known, or not read below it, is refused."""
        found: dict[str, Clause] = {}
        for entry in clause["customProperties"] or ():
            name = self.needed(entry, "property")
            value = self.needed(entry, "value")
            if name is None or value is None:
                continue
            if not isinstance(name.value, str) or name.value not in known:
                self.refuse(name, f"{brief(name)} is not enforced; remove it. Known are {', '.join(known)}")
            elif name.value in found:
                self.refuse(name, f"{brief(name.value)} stands twice; keep one")
            else:
                if isinstance(below := known[name.value], dict):
                    self.problems.extend(unenforced(value, below, {}))
                found[name.value] = value
        return found


def _below(clause: Clause, key: str) -> str:
    return f"{clause.path}.{key}" if clause.path else key


def number(clause: Clause) -> Decimal | None:
    """Return the exact value of a number; None if the clause is none."""
    if isinstance(clause.value, bool) or not isinstance(clause.value, int | float):
        return None
    value = Decimal(str(clause.value))
    return value if value.is_finite() else None


def written(value: Decimal) -> str:
    """Write a number without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

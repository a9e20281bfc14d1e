"""Typed values out of clauses: what does not fit becomes a problem, and reading goes on with a stand-in."""

import re
from dataclasses import dataclass

from suimon.contract.clauses import Clause, Problem


@dataclass(frozen=True, slots=True)
class Reader:
    """Collects the problems of one file. A stand-in it returned never gets out: a file with problems is refused."""

    problems: list[Problem]

    def refuse(self, clause: Clause, message: str) -> None:
        """Note what is wrong with a clause."""
        self.problems.append(clause.problem(message))

    def needed(self, clause: Clause, key: str) -> Clause | None:
        """Give what stands under a key; a problem if nothing does."""
        found = clause[key]
        if found is None:
            self.refuse(clause, f"{key} is missing; add it")
        return found

    def text(self, clause: Clause, key: str, form: str = "(?s).+", wanted: str = "a text") -> str:
        """Give the text under a key, which must be of the form; "" after a problem."""
        found = self.needed(clause, key)
        if found is None:
            return ""
        if not isinstance(found.value, str) or not re.fullmatch(form, found.value):
            self.refuse(found, f"must be {wanted}, is {found.plain()!r}")
            return ""
        return found.value

    def flag(self, clause: Clause, key: str, *, needed: bool = False) -> bool:
        """Give true or false under a key; false if nothing stands there and it is not needed."""
        found = self.needed(clause, key) if needed else clause[key]
        if found is None:
            return False
        if not isinstance(found.value, bool):
            self.refuse(found, f"must be true or false, is {found.plain()!r}")
            return False
        return found.value

    def whole(self, clause: Clause, key: str, *, least: int = 0) -> int:
        """Give the whole number under a key, `least` after a problem."""
        found = self.needed(clause, key)
        if found is None:
            return least
        if not isinstance(found.value, int) or isinstance(found.value, bool) or found.value < least:
            self.refuse(found, f"must be a whole number of at least {least}, is {found.plain()!r}")
            return least
        return found.value

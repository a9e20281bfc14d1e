"""A problem as it is now, and an incident as the ledger knows it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True)
class Problem:
    """What is wrong now, in words for the person who gets the e-mail.

    id: stable and readable, such as `missing-file:sales:2026-11-20`. subject: one line.
    body: what happened, where, what to do. fingerprint: people are told again when it changes.
    """

    id: str
    subject: str
    body: str
    fingerprint: str


@dataclass(frozen=True)
class Recovery:
    """An incident whose problem has recovered; `note` says how."""

    incident_id: str
    note: str = ""


@dataclass(frozen=True)
class Incident:
    """What the ledger knows of a problem."""

    id: str
    is_open: bool
    fingerprint: str
    subject: str
    opened_at: datetime
    is_suspected: bool = False  # and then nothing has been published


def is_news(problem: Problem, known: Incident | None) -> bool:
    """Whether people have to be told: never told, told otherwise, or told since that it was over."""
    return known is None or not known.is_open or known.fingerprint != problem.fingerprint


def of_kind(kind: str, opened: Iterable[str]) -> set[str]:
    """Give what the open incidents of a kind are about: `a` of `kind:a`."""
    return {one.removeprefix(f"{kind}:") for one in opened if one.startswith(f"{kind}:")}


EXAMPLES = 10  # named in a finding or an e-mail; the rest is counted

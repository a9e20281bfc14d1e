"""Errors by which the gate says how a message goes on."""

from __future__ import annotations


class ComeBackError(Exception):
    """Not now: the drop is safe in the ledger, the same request must come again later."""

"""The errors by which the gate says what becomes of a request."""

from __future__ import annotations


class RetryLaterError(Exception):
    """Not now: the drop is safe in the ledger, and the same request must be made again later."""


class FailingError(Exception):
    """The drop has failed, its record says with what, and the sweep finds it by its state."""


class ForeignBucketError(Exception):
    """A drop of another bucket than the raw one: the gate may not read it, and must not try."""


class ReplayError(Exception):
    """A replay request that can never be carried out; the message says why."""


class OvertakenError(ReplayError):
    """A replay request for which nothing is left to do: another replay or a newer file was faster."""

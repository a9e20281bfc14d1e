"""What a person asks and cannot have: why, and the command that leads on."""

from __future__ import annotations


class RefusalError(Exception):
    """What a person asks cannot be done; the message says why.

    then: the command to type next, without the stack's name: whoever prints it knows that.
    """

    def __init__(self, why: str, *, then: str) -> None:
        super().__init__(why)
        self.then = then

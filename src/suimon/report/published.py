"""What people are told of a verdict. Standard library only: the gate has it at hand at every start."""

from __future__ import annotations

from suimon.values import dataclass


@dataclass(frozen=True)
class Published:
    """The findings of a check, and where their report lies.

    findings: for the e-mail, every rule that was broken and the first bad cells. reason: one or two sentences that lead
    them, without a value of any cell. codes: of the faults, each once. page: the address of the report's page, links:
    of all its parts, in words; both empty without a report.
    """

    findings: str
    reason: str
    codes: tuple[str, ...] = ()
    page: str = ""
    links: str = ""

    @property
    def text(self) -> str:
        """The text for the e-mail: what was found, and where the report is."""
        return f"{self.findings}\n\n{self.links}" if self.links else self.findings

    @classmethod
    def without_report(cls, reason: str) -> Published:
        """Return what is told of a file that could not be read."""
        return cls(reason, reason)

"""What a tool said of a file, as it comes back from the tool's own process. Standard library only."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """A tool's verdict. Columns are the contract's; records count from 1."""

    accepted: bool
    rows: int | None = None
    cells: list[tuple[int, str | None]] | None = None  # record and column of each bad cell; None if it names none
    unplaced: int = 0  # failures reported without a record, or of no column
    counts: list[tuple[str, str | None, int]] | None = None  # error code, column, how many; None if it does not count
    complaint: str = ""  # what it said when it stopped before the end
    version: str = ""
    seconds: float = field(default=0.0)  # of the check alone, without starting Python and importing the tool

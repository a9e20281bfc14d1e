"""The checker: is a file what its contract says, and if not, which cells are not."""

from suimon.check.duck import CheckError
from suimon.check.engine import check_file
from suimon.check.verdict import BadCell, Code, RuleCount, Verdict

__all__ = ["BadCell", "CheckError", "Code", "RuleCount", "Verdict", "check_file"]

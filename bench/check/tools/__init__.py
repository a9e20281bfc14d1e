"""Every tool that is measured; each module has `check(path, contract, partition) -> Found`, for a process of its own.

A tool gets the same rules as far as it can express them, as somebody would write them who knows the tool.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool and what its users should know before they compare."""

    name: str
    module: str | None  # None: a command of the system
    home: Literal["project", "bench"]  # whose environment it runs in
    rules: str  # what it was asked
    answer: str  # what it tells of a bad cell
    reference: bool = False  # no checker: what reading alone costs


TOOLS = (
    Tool("Suimon", "suimon_gate", "project", "all, types exactly", "line, record, column, value, rule"),
    Tool("DuckDB, by hand", "hand_query", "project", "all, types exactly", "a count per rule and column"),
    Tool(
        "Polars, streaming",
        "polars_streaming",
        "bench",
        "all, types exactly: texts by pattern, then cast",
        "a count per rule and column",
    ),
    Tool(
        "PyArrow",
        "pyarrow_csv",
        "bench",
        "all, types exactly: texts by pattern, dates by Python",
        "a count per rule and column",
    ),
    Tool(
        "datacontract-cli",
        "datacontract_cli",
        "bench",
        "all; types as DuckDB converts them; the partition as SQL",
        "a count per rule and column; none if a cell does not convert",
    ),
    Tool(
        "validate_source_data",
        "article",
        "project",
        "the article's own: 4 labels, order_id not empty, amount not negative",
        "the first check that fails, with a count",
    ),
    Tool(
        "pandera, lazy",
        "pandera_lazy",
        "bench",
        "all; types as regular expressions over text, no 32 bits",
        "row, column, value, check",
    ),
    Tool(
        "Great Expectations",
        "great_expectations_suite",
        "bench",
        "all; types as regular expressions over text, no 32 bits",
        "row, column, value, expectation; the first of repeated values, too",
    ),
    Tool(
        "Frictionless",
        "frictionless_schema",
        "bench",
        "all but scale, precision and 32 bits; the partition as enum",
        "row, column, value, error",
    ),
    Tool("csv.reader, no rules", "csv_loop", "project", "none: counts the records", "nothing", reference=True),
    Tool("wc -l", None, "project", "none: counts the lines", "nothing", reference=True),
)
SUIMON, YARDSTICK = TOOLS[0], TOOLS[1]

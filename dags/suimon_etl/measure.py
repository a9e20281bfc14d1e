"""The longest statement that each table of a release needs, measured before the release is made.

    python -m suimon_etl.measure

`make tables` runs it after it has written tables.json: what the Data API would refuse in every run is refused here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from suimon_etl.load import BATCH, statements_of
from suimon_etl.quality import quality_statement
from suimon_etl.request import Redshift, RunRequest
from suimon_etl.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon_etl.tables import Table

# Redshift guide, "Using the Amazon Redshift Data API": a statement has at most 100 KB.
LIMIT = 100 * 1024
# Of what stands in statements only the addresses vary, by a few hundred bytes of one short statement.
REQUEST = RunRequest(
    dataset="",
    partition="2026-11-20",
    drop_id="0123456789abcdef",
    attempt=1,
    written="",
    rows=1,
    source_uri="",
    contract_uri="",
    target_uri="s3://lake/processed/",
    glue_job="",
    redshift=Redshift(""),
    copy_role_arn="arn:aws:iam::123456789012:role/copy",
    event_bus="",
)


def too_long(table: Table) -> Iterator[str]:
    """Yield a sentence for each statement that the Data API would refuse."""
    sums = dict.fromkeys((column.name for column in table.summed), "0")
    statements = dict(zip(BATCH, statements_of(table, REQUEST, sums), strict=True))
    statements["quality"] = quality_statement(table)
    for name, sql in statements.items():
        if (size := len(sql.encode())) > LIMIT:
            yield (
                f"{table.dataset}: {name}.sql of {table.name} would have {size:,} bytes, of which Redshift's Data API "
                f"takes {LIMIT:,}. Each of its {len(table.summed):,} numbers and each rule on a column adds to it: "
                "split the table, declare as texts the numbers that nobody adds up, or shorten names"
            )


if __name__ == "__main__":
    sys.exit("\n".join(sentence for table in tables() for sentence in too_long(table)) or 0)

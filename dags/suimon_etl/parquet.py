"""Whether the Parquet that the Glue job reports is really there, whole, and alone.

COPY loads every object below the target folder, so an object that the job did not report is as wrong as one missing.
The rows come from the Parquet footers: the job reads them back after writing. Reading them again here would need
pyarrow, which MWAA does not have, so this compares the job's report with S3's own listing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from suimon_etl.quality import is_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suimon_etl.request import RunRequest
    from suimon_etl.tables import Table


@dataclass(frozen=True)
class Report:
    """What the Glue job says it wrote: sizes in bytes by file name, rows by the footers, sums as exact decimals."""

    run: str
    rows: int
    sizes: Mapping[str, int]
    version: str  # of the contract that it read the file by
    columns: tuple[str, ...]
    sums: Mapping[str, str]


def read_report(s3: Any, target_uri: str) -> Report | None:
    """Read the report that stands beside the target folder; None when the job has not written it."""
    bucket, folder = _place(target_uri)
    key = f"{folder.rstrip('/')}.result.json"
    # Asked by listing: S3 answers a GET of nothing with AccessDenied where the right to list is bound to a prefix.
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"]:
        return None
    result = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    files = result["files"]
    return Report(
        run=result["run"],
        rows=sum(file["rows"] for file in files),
        sizes={file["name"]: file["size"] for file in files},
        version=result["version"],
        columns=tuple(result["columns"]),
        sums=result["sums"],
    )


def list_folder(s3: Any, target_uri: str) -> dict[str, int]:
    """Return the size of every object below the folder, by its name relative to it."""
    bucket, folder = _place(target_uri)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return {item["Key"].removeprefix(folder): item["Size"] for page in pages for item in page.get("Contents", ())}


def problems(request: RunRequest, table: Table, report: Report | None, found: Mapping[str, int]) -> list[str]:
    """Return everything that does not agree; an empty list is a Parquet folder fit to load into `table`."""
    if report is None:
        return ["the Glue job left no result beside the folder, which it writes last of all"]
    run = f"{request.drop_id}.{request.attempt}"
    told = []
    if report.run != run:
        told.append(f"the result is of run {report.run}, not of {run}")
    if report.rows != request.rows:
        told.append(f"the Parquet files hold {report.rows:,} rows, the file {request.rows:,}")
    told += [
        f"the set has {request.rows:,} rows, allowed: {threshold.get('text') or 'another number'}"
        for threshold in table.rows_of_set
        if not request.empties and not is_kept(threshold, request.rows, request.rows)
    ]
    told += _release_problems(table, report)
    told += [f"{name} is missing" for name in sorted(report.sizes.keys() - found.keys())]
    told += [
        f"{name} is not of this run, yet COPY would load it" for name in sorted(found.keys() - report.sizes.keys())
    ]
    told += [
        f"{name} has {found[name]:,} bytes, the job wrote {size:,}"
        for name, size in sorted(report.sizes.items())
        if found.get(name, size) != size
    ]
    return told


def _release_problems(table: Table, report: Report) -> list[str]:
    """Return where the contract that the gate and Glue went by is not the one that the DAG folder knows.

    COPY loads by position: two columns of one type that changed places would pass every other check.
    """
    columns = tuple(column.name for column in table.columns)
    told = []
    if report.columns != columns:
        told.append(
            f"the Parquet has the columns {', '.join(report.columns)} of contract {report.version}, the DAGs know "
            f"{', '.join(columns)} of {table.version}: deploy dags/ of the gate's release, then replay"
        )
    unsummed = {column.name for column in table.summed} ^ report.sums.keys()
    if unsummed:
        told.append(f"the result has the control sums of other columns than the table: {', '.join(sorted(unsummed))}")
    return told


def _place(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")

"""The conf of a DAG run: everything the DAG needs to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.contract.partition import partition_of
from suimon.drops.lake import CONTRACT, processed_prefix, read_key, read_prefix

if TYPE_CHECKING:
    from suimon.drops.drop import DropRecord
    from suimon.settings import Settings


def conf_for(record: DropRecord, settings: Settings) -> dict[str, Any]:
    """Return the conf: the DAG reads no settings of its own, and never the key that a PUT may overwrite."""
    retracting = record.retracting
    warehouse = settings.warehouse
    return {
        "dataset": record.dataset,
        "partition": record.partition,
        **({"partition_values": values} if (values := partition_of(record.partition).values) else {}),
        "drop_id": record.id,
        "attempt": record.attempt,
        "written": retracting.written if retracting else record.written,
        "rows": retracting.rows if retracting else record.rows,
        "source_uri": f"s3://{settings.lake_bucket}/{read_key(record)}",
        "contract_uri": f"s3://{settings.lake_bucket}/{read_prefix(record)}{CONTRACT}",
        "target_uri": f"s3://{settings.lake_bucket}/{processed_prefix(record)}",
        "glue_job": settings.glue_job,
        "redshift": {
            "database": warehouse.database,
            "workgroup_name": warehouse.workgroup_name,
            "cluster_identifier": warehouse.cluster_identifier,
            "secret_arn": warehouse.secret_arn,
        },
        "copy_role_arn": settings.copy_role_arn,
        "event_bus": settings.event_bus,
        "release": settings.release,
        "empties": bool(retracting and not retracting.restores),
    }

"""What a round of the freshness function leaves: metrics in its log, pages in the reports bucket."""

from __future__ import annotations

import json

from tests.functional.sweep.swept import REPORTS, World

TODAY = "2026-11-22T12:00:00Z"


def beats(out: str) -> dict[str, float]:
    """Read the metrics that the alarms on the watching look at, of the stack alone."""
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {
        name: line[name][0]
        for line in lines
        if line.get("stack") == "prod"
        for name in ("Heartbeat", "DeafSubscriptions")
        if name in line
    }


def measured(out: str) -> list[tuple[str, str]]:
    """Read which figure of which dataset was written to metrics, each with its stack."""
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return [(line["dataset"], "Lateness") for line in lines if line.get("stack") == "prod" and "Lateness" in line]


def pages(world: World) -> dict[str, str]:
    """Return the stack's pages as they lie in the reports bucket."""
    listed = world.s3.list_objects_v2(Bucket=REPORTS, Prefix="status/").get("Contents", [])
    return {one["Key"]: world.s3.get_object(Bucket=REPORTS, Key=one["Key"])["Body"].read().decode() for one in listed}


def versions(world: World) -> int:
    """Return how often a page was written."""
    world.s3.put_bucket_versioning(Bucket=REPORTS, VersioningConfiguration={"Status": "Enabled"})
    return len(world.s3.list_object_versions(Bucket=REPORTS, Prefix="status/").get("Versions", []))

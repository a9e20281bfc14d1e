"""The Airflow DAG of inventory, late after a second: that of a release is so after hours."""

from __future__ import annotations

from datetime import timedelta

from suimon_etl import pipeline

pipeline.LATE_AFTER = timedelta(seconds=1)
dag = pipeline.file_to_table("inventory")

"""The DAGs' own modules need no Airflow and are tested here; test_on_airflow.py runs on_airflow/, which does."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).parents[2] / "dags"
sys.path.append(str(DAGS))  # as Airflow does

collect_ignore = [] if importlib.util.find_spec("airflow") else ["on_airflow"]


@pytest.fixture(scope="session")
def conf() -> dict[str, Any]:
    """What the gate sends when it opens a run."""
    lake = "s3://suimon-lake"
    return {
        "dataset": "sales",
        "partition": "2026-11-20",
        "drop_id": "0123456789abcdef",
        "attempt": 1,
        "written": "005E7F2A3B4C5D6E7F00000000000000.00000000",
        "rows": 3,
        "source_uri": f"{lake}/accepted/sales/2026-11-20/0123456789abcdef/sales_data.csv",
        "contract_uri": f"{lake}/accepted/sales/2026-11-20/0123456789abcdef/_contract.json",
        "target_uri": f"{lake}/processed/sales/2026-11-20/0123456789abcdef.1/",
        "glue_job": "suimon-csv-to-parquet",
        "redshift": {
            "database": "analytics",
            "workgroup_name": "suimon",
            "cluster_identifier": None,
            "secret_arn": None,
        },
        "copy_role_arn": "arn:aws:iam::000000000000:role/suimon-RedshiftCopyRole-1ABC",
        "event_bus": "suimon-events",
        "release": "",
        "empties": False,
    }

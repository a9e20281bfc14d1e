"""One cold start: `python -I -S bench/cold/worker.py FUNCTION ARTIFACT FILE ANSWER`.

ARTIFACT is what `functions/build.py` makes for this machine. Behind the start the intake function checks FILE, a sound
one of the sales contract. Only the standard library is imported before the clock starts.
"""

import time

began, used = time.perf_counter(), time.process_time()

import json  # noqa: E402 the clock runs
import runpy  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

# What each function builds at its first event and keeps.
READY = {
    "intake": ("built",),
    "outcome": ("run_reports",),
    "freshness": ("watch", "sweep"),
    "replay": ("steps",),
}
FLOOR = "the libraries alone"
HEAVY = ("duckdb", "pyarrow", "sqlglot", "numpy", "pandas", "yaml")


def main(function: str, artifact: str, file: str, answer: str) -> None:
    """Start a function; write down what that took and which heavy modules it imported."""
    sys.path.insert(0, artifact)
    if function == FLOOR:
        Path(answer).write_text(json.dumps(_floor()), encoding="utf-8")
        return
    app = runpy.run_path(str(Path(artifact) / "app.py"), run_name=f"{function}_app")
    imported = time.process_time() - used
    for name in READY[function]:
        app[name]()
    told = {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - used,
        "imported": imported,
        "modules": len(sys.modules),
        "heavy": [name for name in HEAVY if name in sys.modules],
    }
    if function == "intake":
        told |= _checked(Path(artifact), Path(file))
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


def _floor() -> dict[str, object]:
    """Do what no function can do without: boto3, a table of DynamoDB's, Powertools' log."""
    import boto3  # noqa: PLC0415 the clock runs
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    imported = time.process_time() - used
    Logger(service="floor")
    boto3.resource("dynamodb").Table("floor")
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    heavy = [name for name in HEAVY if name in sys.modules]
    return {"wall": wall, "cpu": cpu, "imported": imported, "modules": len(sys.modules), "heavy": heavy}


def _checked(artifact: Path, file: Path) -> dict[str, object]:
    from suimon.check.engine import check_file  # noqa: PLC0415 the function has imported it
    from suimon.contract.model import read_contracts  # noqa: PLC0415

    contract = read_contracts(artifact / "contracts.json").of("sales")
    began, used = time.perf_counter(), time.process_time()
    verdict = check_file(file, contract, "2026-11-20", scratch=file.parent, threads=2)
    if not verdict.accepted:
        raise SystemExit(f"the file is to be sound: {verdict.counts[:3]}")
    return {
        "check_wall": time.perf_counter() - began,
        "check_cpu": time.process_time() - used,
        "heavy_of_check": [name for name in HEAVY if name in sys.modules],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])

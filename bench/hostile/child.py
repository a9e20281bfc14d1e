"""One file checked in a process of its own: the verdict, what it took, and how many bytes were read, as JSON."""

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.hostile.kinds import KINDS
from suimon.check.engine import Aside, check
from suimon.check.source import LocalFile


def main(name: str, path: str, way: str, limit: str) -> None:
    """Check a file of a kind, with the kernel or without, in no more than `limit` bytes of memory if there is one."""
    (kind,) = [kind for kind in KINDS if kind.name == name]
    if "duckdb" in sys.modules:
        raise AssertionError("a check sets the limits of DuckDB's allocator, which reads them when it is imported")
    if int(limit):
        resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    read = [0]
    with TemporaryDirectory(dir=Path(path).parent) as scratch:
        began, spent = time.perf_counter(), time.process_time()
        verdict = check(
            LocalFile(Path(path)),
            kind.contract,
            None,
            scratch=Path(scratch),
            threads=2,
            kernel=way == "kernel",
            progress=read.append,
            aside=Aside(Path(scratch) / "accepted.csv", Path(scratch) / "bad.csv"),
        )
        seconds = time.perf_counter() - began
    found = {
        "accepted": verdict.accepted,
        "codes": sorted({count.code.value for count in verdict.counts}),
        "faults": sum(count.cells for count in verdict.counts),
        "rows": verdict.rows,
        "read": max(read),
        "seconds": seconds,
        "cpu": time.process_time() - spent,
        "peak": _memory("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "mapped": _memory("VmData"),
    }
    sys.stdout.write(json.dumps(found))


def _memory(figure: str) -> int:
    """Return a figure of this process's memory: the most it had, not what `getrusage` says, which begins before it.

    `VmData` is what a hard limit counts: all that may be written to, whether it ever was or not. 0 where none is known.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith(figure)]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The kernel built so that a fuzzer sees the branches it takes, and crashes where C leaves undefined what it does.

`python -m tests.fuzz.covered PYTHON OUT` builds it, in the environment that has the compiler, for a PYTHON that has
atheris: what the library reports it reports to the libFuzzer of that, with which it is linked.
"""

import subprocess
import sys
from pathlib import Path

from suimon.check.kernel import compile as compiler
from suimon.check.kernel import library
from suimon.check.kernel.seal import seal_of

OPTIONS = (
    *("-O1", "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp"),
    *("-fsanitize=undefined", "-fsanitize-trap=undefined"),
)
CORE = "import atheris.core_with_libfuzzer as core; print(core.__file__)"


def build(python: Path, out: Path) -> Path:
    """Build the kernel of this machine."""
    target = compiler.target_of_this_machine()
    assert target, "no kernel for this machine"
    core = subprocess.run([python, "-c", CORE], check=True, capture_output=True, text=True).stdout.strip()
    return compiler.build(target, out, (*OPTIONS, core))


def load(path: Path) -> None:
    """Have the checker use that library in this process."""
    library.PATH, library.SEAL = path, seal_of(path)
    library.found.cache_clear()
    assert library.found(), f"{path} cannot be loaded"


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))

"""Builds the kernel with the compiler of the ziglang wheel: `python -m suimon.check.kernel.compile [--target T] [OUT]`.

The same sources give the same bytes, wherever they are built: no path, no time and no id goes into the library.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from suimon.check.kernel.seal import seal_of, write_seal

HERE = Path(__file__).parent
SOURCES = ("kernel.c", "hashes.c")
# Lambda runs Amazon Linux 2023 (glibc 2.34); older systems of people load it, too.
LAMBDA = "aarch64-linux-gnu.2.28"
TARGETS = {
    ("Linux", "x86_64"): "x86_64-linux-gnu.2.28",
    ("Linux", "aarch64"): LAMBDA,
    ("Darwin", "arm64"): "aarch64-macos",
}
# What every processor of the kind has had since about 2009.
_PROCESSORS = {"x86_64": ("-mcpu=x86_64_v2",)}
_OPTIONS = (
    *("-std=c11", "-O3", "-shared", "-fPIC", "-g0", "-s", "-fno-ident"),
    *("-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Werror"),
)


def build(target: str, out: Path, options: tuple[str, ...] = (), sources: Path = HERE) -> Path:
    """Build the kernel for a target, sealed; return the library's path."""
    with TemporaryDirectory(prefix="kernel-", dir=out.parent.resolve()) as folder:
        made = Path(folder, "kernel.so")  # its name goes into the library
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-target",
            target,
            *_OPTIONS,
            *_PROCESSORS.get(target.partition("-")[0], ()),
            *options,
            *SOURCES,
            "-o",
            made,
        ]
        # Of a source given by its bare name no path is noted. Zig keeps what it builds on the way.
        environment = {"PATH": os.defpath, "HOME": folder, "ZIG_GLOBAL_CACHE_DIR": str(_cache())}
        environment["ZIG_LOCAL_CACHE_DIR"] = folder
        subprocess.run(command, cwd=sources, env=environment, check=True)
        made.chmod(0o644)
        write_seal(made, sources).replace(seal_of(out))
        made.replace(out)
    return out


def _cache() -> Path:
    """Return where Zig keeps its libc, which takes longer to build than the kernel: beside the environment."""
    cache = Path(sys.prefix) / "zig"
    cache.mkdir(exist_ok=True)
    return cache


def target_of_this_machine() -> str | None:
    """Return what this machine runs; None if the kernel is not built for it."""
    return TARGETS.get((platform.system(), platform.machine()))


def main() -> None:
    """Build the kernel beside its sources, or where it is wanted."""
    parser = argparse.ArgumentParser(description="Build the kernel.")
    parser.add_argument("--target", default=target_of_this_machine())
    parser.add_argument("out", nargs="?", type=Path, default=HERE / "kernel.so")
    asked = parser.parse_args()
    if asked.target is None:
        sys.stderr.write(f"no kernel for {platform.system()} on {platform.machine()}: checks work, slower\n")
        return
    build(asked.target, asked.out)


if __name__ == "__main__":
    main()

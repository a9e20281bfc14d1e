"""The checker against its slow reading on many thousand files (`make differential`).

Files are drawn in blocks, each from a seed of its own, in as many processes as are asked for. Blocks that are done are
noted, so that a run that was stopped resumes; the notes are of this very code, and a change of it starts again. A block
that finds a difference notes the smallest file that shows it, and the other blocks go on.
"""

import argparse
import hashlib
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from suimon.check import duckdb_reader
from suimon.check.engine import check
from suimon.check.verdict import Verdict
from suimon.contract.model import Contract
from tests.fuzz.shared_duck import opened_once
from tests.fuzz.targets import Bytes
from tests.unit.check.agreement import agrees, agrees_with_csv, segment_sizes, sets_aside_alike, threads
from tests.unit.check.strategies import Case, cases, hostile

ROOT = Path(__file__).parents[2]
CODE = ("src/suimon/check", "src/suimon/contract", "tests/unit/check", "tests/fuzz")
FILES, BLOCK = 20_000, 250
WAYS = (True, False)  # with the kernel, and without

any_case = st.one_of(cases(), cases(faults=False))


@dataclass(frozen=True, slots=True)
class Block:
    """Files of one kind; `number` is their seed."""

    kind: str
    number: int
    files: int = BLOCK

    @property
    def name(self) -> str:
        """How the block is noted."""
        return f"{self.kind} {self.number} {self.files}"


def _both_ways(folder: Path, case: Case, size: int, workers: int) -> None:
    for kernel in WAYS:
        agrees(partial(_checked, folder, kernel=kernel), case, size, workers)


def _checked(
    folder: Path, contents: bytes, contract: Contract, partition: str | None, *, threads: int, kernel: bool
) -> Verdict:
    return check(Bytes(contents, 4096), contract, partition, scratch=folder, threads=threads, kernel=kernel)


def _aside_both_ways(folder: Path, case: Case, size: int, _: int) -> None:
    for kernel in WAYS:
        sets_aside_alike(folder, case, size, kernel=kernel)


def _as_csv_does(_: Path, case: Case, __: int, ___: int) -> None:
    agrees_with_csv(case)


KINDS: dict[str, tuple[st.SearchStrategy[Case], Callable[[Path, Case, int, int], None]]] = {
    "files": (any_case, _both_ways),
    "structure": (hostile(), _both_ways),
    "set-aside": (cases(), _aside_both_ways),
    "as-csv": (cases(faults=False), _as_csv_does),
}


def judge_block(block: Block) -> str:
    """Draw the files of a block and compare; return what differs, nothing if all is alike."""
    drawn, compare = KINDS[block.kind]
    with tempfile.TemporaryDirectory() as folder, patch.object(duckdb_reader, "open_duck", opened_once):

        @settings(max_examples=block.files, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @seed(block.number)
        @given(case=drawn, size=segment_sizes, workers=threads)
        def run(case: Case, size: int, workers: int) -> None:
            compare(Path(folder), case, size, workers)

        try:
            run()
        except Exception:  # noqa: BLE001 - whatever ends it is a difference
            return f"{block.name}\n{traceback.format_exc()}"
    return ""


def blocks(files: int) -> Iterator[Block]:
    """Yield so many files of each kind, the kinds in turns."""
    for number in range(-(-files // BLOCK)):
        for kind in KINDS:
            yield Block(kind, number, min(BLOCK, files - number * BLOCK))


def pending(wanted: Iterable[Block], notes: Path) -> list[Block]:
    """Return the blocks that are not noted as done."""
    done = set(notes.read_text(encoding="utf-8").splitlines()) if notes.exists() else set[str]()
    return [block for block in wanted if block.name not in done]


def run(wanted: list[Block], notes: Path, jobs: int, tell: Callable[[str], object]) -> list[str]:
    """Judge blocks; note each that is done, tell how far it is, and return what differed."""
    notes.parent.mkdir(parents=True, exist_ok=True)
    began, different, files = time.monotonic(), list[str](), Counter[str]()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        started: dict[Future[str], Block] = {pool.submit(judge_block, block): block for block in wanted}
        for number, future in enumerate(as_completed(started), 1):
            block, found = started[future], future.result()
            if found:
                different.append(found)
                (notes.parent / f"{block.kind}-{block.number}.txt").write_text(found, encoding="utf-8")
            else:
                with notes.open("a", encoding="utf-8") as stream:
                    stream.write(block.name + "\n")
            files[block.kind] += block.files
            left = (time.monotonic() - began) / number * (len(wanted) - number) / 60
            counts = ", ".join(f"{kind} {count:,}" for kind, count in sorted(files.items()))
            tell(f"{number} of {len(wanted)} blocks ({counts}), {len(different)} differ, {left:.0f} minutes left")
    return different


def _tell(text: str) -> None:
    sys.stdout.write(f"differential: {text}\n")
    sys.stdout.flush()


def code() -> str:
    """Return a short hash of what is compared: the checker, and what draws and reads files slowly."""
    made = hashlib.sha256()
    for path in sorted(
        path for folder in CODE for path in (ROOT / folder).rglob("*.*") if path.suffix in {".py", ".c", ".h"}
    ):
        made.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return made.hexdigest()[:12]


def main() -> int:
    """Compare so many files of each kind; return 1 if a verdict differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--blocks", type=int, help="do no more than so many, the next time the others")
    parser.add_argument("--folder", type=Path, default=ROOT / ".suimon" / "differential")
    asked = parser.parse_args()
    notes = asked.folder / code() / "done.txt"
    every = list(blocks(asked.files))
    wanted = pending(every, notes)
    if len(wanted) < len(every):
        sys.stdout.write(f"differential: {len(every) - len(wanted)} of {len(every)} blocks are done\n")
    different = run(wanted[: asked.blocks], notes, asked.jobs, _tell)
    sys.stdout.writelines(f"\n{found}\n" for found in different)
    sys.stdout.write(f"differential: {len(different)} blocks differ; notes are in {notes.parent}\n")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())

"""The checker's course: a stream is cut into segments, and the kernel answers for all records but those it doubts.

source -> head -> segments -> kernel -> no doubt -> counts, sums, hashes of keys
                                |
                                `-> records in doubt, many segments' together -> DuckDB -> counts; bad records
a segment that is mostly in doubt, or any where there is no kernel or it does not know a rule:
  UTF-8 -> one scan by DuckDB -> every byte accounted for? -> counts; bad records, if any
                                    |
                                    `-> no: the grammar finds the faults, and puts the records without any before DuckDB
then, over the whole file: trailer, keys that repeat (a second round, only if any is suspected), metrics, tolerance.
"""

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from suimon.check.decode import DecodeError
from suimon.check.encoding_evidence import HEAD_BYTES, EncodingEvidence
from suimon.check.found import CheckError, InterruptedCheckError, NoMemoryError
from suimon.check.header import Head
from suimon.check.kernel import library
from suimon.check.kernel.plan import UnplannedError, plan_for, reads_raw
from suimon.check.likely_cause import Seen, likely_cause
from suimon.check.reading import Reading
from suimon.check.rules_as_sql import rules_for
from suimon.check.set_aside import Aside
from suimon.check.source import LocalFile, Source, Watched
from suimon.check.tally import Tally
from suimon.check.verdict import BadCell, Code, Verdict
from suimon.check.whole_file import WholeFile
from suimon.check.workers import Ducks
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from suimon.check.duckdb_reader import Duck

logger = logging.getLogger(__name__)

# Spilled keys may fill the disk up to here: the segments of the moment need the rest.
_DISK_RESERVE = 512 * 1024 * 1024
_MEMORY, _WIDE_MEMORY = 176, 256  # MB, of DuckDB; Python and the segments take some 110 beside it
_COLUMNS_IN_PARALLEL = 400
# DuckDB's allocator gives back at once what is freed, address space too: it would keep several times what is in use,
# which counts under a limit of what a process may map. It reads this when DuckDB is imported.
# Documentation: "jemalloc(3)", "opt.retain", "opt.dirty_decay_ms".
_ALLOCATOR = "DUCKDB_JE_MALLOC_CONF", "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0"
__all__ = ["Aside", "CheckError", "InterruptedCheckError", "check", "check_file"]


def check_file(path: Path, contract: Contract, partition: str | None, **options: Any) -> Verdict:
    """Judge a local file; options as of `check`."""
    return check(LocalFile(path), contract, partition, **options)


def check(
    source: Source,
    contract: Contract,
    partition: str | None,
    *,
    scratch: Path,
    arrived: datetime | None = None,
    limit: int = 10_000,
    memory_limit: str | None = None,
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
    aside: Aside | None = None,
    kernel: bool = True,
) -> Verdict:
    """Judge a file by its contract: list at most `limit` bad cells, count all (up to a million where none may be).

    `partition` None leaves out the rules that name it. A file that `arrived` when its date is out of bounds is not
    read. `scratch` is a folder with room for a few segments and for the spilled keys of a large file. `memory_limit` is
    DuckDB's; the more columns, the more. `progress` is told the bytes of the object read so far, from 0 again for a
    second round; threads that lack memory give way to one, which begins again. With `aside`, the records that the
    contract tolerates as bad are written apart from the good ones. Cells of a record whose structure is broken are not
    judged: where one begins is not known. What cannot be decompressed has no other fault. Without the `kernel` DuckDB
    and the grammar judge everything, to the same verdict. CheckError if there can be no verdict: a file that cannot be
    read, too little room.
    """
    dialect = contract.file
    if dialect is None or not contract.columns:
        raise CheckError(f"contract {contract.dataset} describes no file; give it a dialect, columns and a key pattern")
    if partition and arrived and (details := contract.dates.broken_by(partition, arrived)):
        return _rejected_unread(BadCell(Code.DATE_OUT_OF_BOUNDS, details=details), limit)
    # A thread's share of the memory must hold some thousand cells of every column.
    workers = min(threads or os.cpu_count() or 1, max(1, _COLUMNS_IN_PARALLEL // _width(contract)))
    memory = memory_limit or f"{_memory(contract)}MB"
    attempt = partial(
        _check_once, source, contract, dialect, partition, scratch, limit, memory, progress, aside, kernel=kernel
    )
    try:
        if workers > 1:
            with suppress(NoMemoryError, MemoryError):
                return attempt(workers)
            # Out of the block: what the threads held is free, and one thread has what they shared.
            logger.warning("checked again by one thread for want of memory", extra={"dataset": contract.dataset})
        return attempt(1)
    except MemoryError as error:
        raise NoMemoryError(f"{source.name} could not be checked: too little memory") from error
    except OSError as error:
        raise InterruptedCheckError(f"{source.name} could not be checked: {error.strerror or error}") from error


def _check_once(
    source: Source,
    contract: Contract,
    dialect: FileFormat,
    partition: str | None,
    scratch: Path,
    limit: int,
    memory: str,
    progress: Callable[[int], None] | None,
    aside: Aside | None,
    workers: int,
    *,
    kernel: bool,
) -> Verdict:
    evidence = EncodingEvidence(dialect.encoding)
    tally = Tally(limit, tuple(column.name for column in contract.columns))
    try:
        with TemporaryDirectory(prefix="check-", dir=scratch) as name:
            folder = Path(name)
            with Ducks(lambda: _open(folder, contract, memory, workers)) as ducks:
                native = library.found() if kernel else None
                raw = native is not None and _reads_raw(contract, dialect, partition)
                seen = Watched(source, progress) if progress else source
                reading = Reading(seen, contract, dialect, folder, raw)
                run = WholeFile(reading, native, partition, ducks, workers, tally, evidence)
                verdict = run.verdict(aside)
                return verdict if verdict.accepted else _explained(verdict, source, contract, evidence, run.head)
    except DecodeError as error:
        verdict = _rejected_unread(BadCell(error.code, details=error.details), limit)
        return _explained(verdict, source, contract, evidence, None)


def _rejected_unread(fault: BadCell, limit: int) -> Verdict:
    tally = Tally(limit)
    tally.add([fault])
    return Verdict(accepted=False, rows=0, bad_cells=tally.first(), counts=tally.counts(), truncated=not limit)


def _explained(
    verdict: Verdict, source: Source, contract: Contract, evidence: EncodingEvidence, head: Head | None
) -> Verdict:
    """Add the one cause behind the faults of a rejected file, if they seem to have one."""
    if contract.file is None or not source.size:
        return verdict
    marks = (cell.line for cell in verdict.bad_cells if cell.code is Code.BYTE_ORDER_MARK and cell.record)
    seen = Seen(
        raw=source.read(0, min(source.size, HEAD_BYTES)),
        head=evidence.head,
        labels=head.labels if head else (),
        width=head.width if head else 0,
        counts=verdict.counts,
        encoding=evidence.other(),
        ends_with_mark=contract.file.compression == "none" and source.read(source.size - 1, 1) == b"\x1a",
        joined_at=next(marks, None),
    )
    return replace(verdict, cause=likely_cause(seen, contract, contract.file))


def _reads_raw(contract: Contract, dialect: FileFormat, partition: str | None) -> bool:
    """Return whether the kernel takes a file in its own encoding: it must know all rules, for it alone reads that."""
    if not reads_raw(contract, dialect):
        return False
    places = tuple(range(len(contract.columns)))
    try:
        plan_for(contract, partition, places, rules_for(contract, partition, places))
    except UnplannedError:
        return False
    return True


def _width(contract: Contract) -> int:
    """Return of how many columns a statement needs room; what conditions read is typed all at once."""
    return len(contract.columns) + len({column for condition in contract.conditions for column in condition.columns})


def _memory(contract: Contract) -> int:
    further = max(0, len(contract.columns) - _COLUMNS_IN_PARALLEL)
    return _WIDE_MEMORY + further // 2 if further else _MEMORY


def _open(folder: Path, contract: Contract, memory: str, threads: int) -> "AbstractContextManager[Duck]":
    os.putenv(*_ALLOCATOR)
    from suimon.check import duckdb_reader  # noqa: PLC0415 most files do without it

    free = shutil.disk_usage(folder).free
    disk = max(free - _DISK_RESERVE, free // 2)
    return duckdb_reader.open_duck(folder, contract.columns, memory_limit=memory, disk_limit=disk, threads=threads)

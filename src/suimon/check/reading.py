"""How a file is gone through: as UTF-8, or in its own encoding where the kernel reads that; as often as it takes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from suimon.check.decode import as_utf8, decompressed
from suimon.check.encoding_evidence import EncodingEvidence
from suimon.check.grammar import Grammar
from suimon.check.header import Head, read_head
from suimon.check.kernel.sift import Sieve
from suimon.check.segments import Cutter
from suimon.check.source import Source
from suimon.contract.file import FileFormat
from suimon.contract.model import Contract
from suimon.values import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """A file and how it is read. `raw`: its records are cut in its own encoding."""

    source: Source
    contract: Contract
    dialect: FileFormat
    folder: Path
    raw: bool

    def head(self, evidence: EncodingEvidence | None = None) -> Head:
        """Read up to the first record. `evidence` gets to see all bytes before they are decoded."""
        chunks = decompressed(self.source, self.dialect)
        if evidence:
            chunks = evidence.watch(chunks)
        if not self.raw:
            return read_head(iter(as_utf8(chunks, self.dialect)), self.contract, self.dialect)
        seen = list[bytes]()
        text = as_utf8(_remembered(chunks, seen), self.dialect)
        head = read_head(iter(text), self.contract, self.dialect)
        if head.empty or head.stopped:
            return head
        return replace(head, body=_after_lines(chain(seen, chunks), head.lines))

    def cutter(
        self, chunks: Iterable[bytes], grammar: Grammar, sieve: Sieve | None, sizes: Iterable[int] | None = None
    ) -> Cutter:
        """Return what cuts the records into segments, as `sieve` takes them if there is one."""
        return Cutter(
            chunks,
            grammar,
            self.folder,
            sizes,
            decode=self._decoded if self.raw else None,
            find_cut=sieve.cut if sieve else None,
        )

    def _decoded(self, part: bytes) -> bytes:
        return b"".join(as_utf8(iter((part,)), self.dialect))


def _remembered(chunks: Iterator[bytes], seen: list[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        seen.append(chunk)
        yield chunk


def _after_lines(chunks: Iterator[bytes], lines: int) -> Iterator[bytes]:
    """Yield what follows so many lines: in no encoding that is read raw is a line feed part of another character."""
    for chunk in chunks:
        place = 0
        while lines and (end := chunk.find(b"\n", place) + 1):
            place = end
            lines -= 1
        if not lines:
            yield chunk[place:]
            break
    yield from chunks

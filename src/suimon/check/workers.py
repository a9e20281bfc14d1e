"""Threads that judge segments while the stream is read on, each with a DuckDB connection of its own."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Self, TypeVar

from suimon.check.duckdb_reader import Duck
from suimon.check.grammar import Grammar
from suimon.check.header import Head
from suimon.check.segment_check import Piece
from suimon.check.segments import Cutter, Segment

Found = TypeVar("Found")


class Workers:
    """A pool of threads. On leaving, what has not started is not started any more."""

    def __init__(self, duck: Duck, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._ducks = SimpleQueue[Duck]()
        for _ in range(threads):
            self._ducks.put(duck.another())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self, work: Callable[[Duck], Found]) -> Future[Found]:
        """Do some work with one of the connections."""

        def run() -> Found:
            duck = self._ducks.get()
            try:
                return work(duck)
            finally:
                self._ducks.put(duck)

        return self._pool.submit(run)


@dataclass(frozen=True, slots=True)
class Rounds:
    """A file that has been judged, to be gone through once more, cut as it was."""

    head: Callable[[], Head]
    grammar: Grammar
    folder: Path
    duck: Duck
    threads: int
    pieces: list[Piece]

    def each(self, work: Callable[[Duck, Piece, Segment], Found]) -> Iterator[Found]:
        """Do some work on every segment; yield what it gives, in order."""
        head = self.head()
        cutter = Cutter(head.body, self.grammar, self.folder, [piece.size for piece in self.pieces])
        left = iter(self.pieces)
        waiting = deque[tuple[Segment, Future[Found]]]()
        with Workers(self.duck, self.threads) as workers:
            while True:
                while len(waiting) <= self.threads and (piece := next(left, None)) and (segment := cutter.next()):
                    segment = replace(segment, last=piece.last)
                    waiting.append((segment, workers.start(_bound(work, piece, segment))))
                if not waiting:
                    return
                segment, future = waiting.popleft()
                yield future.result()
                segment.path.unlink()


def _bound(work: Callable[[Duck, Piece, Segment], Found], piece: Piece, segment: Segment) -> Callable[[Duck], Found]:
    return lambda duck: work(duck, piece, segment)

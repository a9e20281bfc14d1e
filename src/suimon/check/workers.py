"""Threads that judge segments while the stream is read on, each with a DuckDB connection of its own if it needs one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Self, TypeVar

from suimon.check.header import Head
from suimon.check.judged import Lend, Piece
from suimon.check.segments import Cutter, Segment
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck
    from suimon.check.rules_as_sql import Rules

Found = TypeVar("Found")


class Ducks:
    """Connections to one database, which is opened when the first is asked for: most files need none."""

    def __init__(self, open_duck: Callable[[], "AbstractContextManager[Duck]"]) -> None:
        self._open, self._lock, self._stack = open_duck, Lock(), ExitStack()
        self._first: Duck | None = None
        self.rules: Rules | None = None  # of the file, for which tables are made
        self._idle = SimpleQueue["Duck"]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def first(self) -> "Duck":
        """Return the connection of the thread that checks the file."""
        with self._lock:
            if self._first is None:
                self._first = self._stack.enter_context(self._open())
                if self.rules:
                    self._first.prepare(self.rules)
            return self._first

    @property
    def opened(self) -> bool:
        """Whether any connection was asked for."""
        return self._first is not None

    def take(self) -> "Duck":
        """Return a connection for a thread, which is to give it back."""
        try:
            return self._idle.get_nowait()
        except Empty:
            return self.first().another()

    def give_back(self, duck: "Duck") -> None:
        """Take a connection back."""
        self._idle.put(duck)


class Workers:
    """A pool of threads. On leaving, what has not started is not started any more."""

    def __init__(self, ducks: Ducks, threads: int) -> None:
        self._pool, self._ducks = ThreadPoolExecutor(threads), ducks

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def start(self, work: Callable[[Lend], Found]) -> Future[Found]:
        """Do some work, with a connection if it asks for one."""

        def run() -> Found:
            lent = list["Duck"]()

            def lend() -> "Duck":
                if not lent:
                    lent.append(self._ducks.take())
                return lent[0]

            try:
                return work(lend)
            finally:
                for duck in lent:
                    self._ducks.give_back(duck)

        return self._pool.submit(run)


@dataclass(frozen=True, slots=True)
class Rounds:
    """A file that has been judged, to be gone through again, cut as it was."""

    head: Callable[[], Head]
    cutter: Callable[[Iterable[bytes], Iterable[int]], Cutter]
    ducks: Ducks
    threads: int
    pieces: list[Piece]

    def each(self, work: Callable[[Lend, Piece, Segment], Found]) -> Iterator[Found]:
        """Do some work on every segment; yield what it returns, in order."""
        cutter = self.cutter(self.head().body, [piece.size for piece in self.pieces])
        left = iter(self.pieces)
        waiting = deque[tuple[Segment, Future[Found]]]()
        with Workers(self.ducks, self.threads) as workers:
            while True:
                while len(waiting) <= self.threads and (piece := next(left, None)) and (segment := cutter.next()):
                    segment = replace(segment, last=piece.last)
                    waiting.append((segment, workers.start(_bound(work, piece, segment))))
                if not waiting:
                    return
                segment, future = waiting.popleft()
                yield future.result()
                segment.path.unlink(missing_ok=True)


def _bound(work: Callable[[Lend, Piece, Segment], Found], piece: Piece, segment: Segment) -> Callable[[Lend], Found]:
    return lambda lend: work(lend, piece, segment)

"""Keys that repeat: those whose hashes stand twice are looked at again, by their values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suimon.check.found import EVERY, LISTED, CheckError
from suimon.check.judged import Lend, Piece
from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys, wanted_of
from suimon.check.kernel.sift import Wanted
from suimon.check.kernel_doubts import moved_records, sheet_of_doubtful, sound_records
from suimon.check.segment_check import Judge
from suimon.check.segments import Segment


@dataclass(frozen=True, slots=True)
class Suspects:
    """Keys, by their places in the rules, of which some stand twice: the hashes to look for, None for those of all."""

    wanted: Mapping[int, Wanted | None]

    @classmethod
    def of(cls, judge: Judge, keys: list[Keys]) -> "Suspects":
        """Compare the hashes that the kernel found."""
        if judge.sieve is None:
            raise AssertionError("without the kernel DuckDB compares the keys")
        wanted = dict[int, Wanted | None]()
        for number, key in enumerate(keys):
            repeated = key.repeated()
            if repeated or repeated is None:
                wanted[number] = None if repeated is None else wanted_of(judge.sieve.kernel, number, repeated)
        return cls(wanted)


def collector(judge: Judge, suspects: Suspects) -> Callable[[Lend, Piece, Segment], None]:
    """Return what collects the candidates of a segment."""

    def collect(lend: Lend, piece: Piece, segment: Segment) -> None:
        for number, wanted in suspects.wanted.items():
            if wanted is not None and piece.sifted:
                _collect_doubtful(judge, lend, piece, segment, number, wanted)
            else:
                _collect(judge, lend, piece, segment, number, wanted)

    return collect


def _collect_doubtful(judge: Judge, lend: Lend, piece: Piece, segment: Segment, number: int, wanted: Wanted) -> None:
    """Collect the records whose hashes are wanted, and those that the kernel doubts."""
    if judge.sieve is None:
        return
    sifted = judge.sieve.sift(segment.data, segment.size, last=segment.last, wanted=wanted)
    if sifted.stop == library.TOO_MANY:
        # Where most keys repeat, all records of the segment are candidates: one by one they would take a second a MB.
        _collect(judge, lend, piece, segment, number, None)
        return
    if not sifted.settled or sifted.records != piece.records:
        raise CheckError("the file has changed while it was checked; check it again")
    records = moved_records(sound_records(segment, sifted, judge.grammar), piece.record, piece.line)
    if records:
        sheet = sheet_of_doubtful(segment.path, records, judge.grammar, judge.places)
        lend().collect_candidates(sheet, judge.rules, number, EVERY)
        segment.path.unlink()


def _collect(judge: Judge, lend: Lend, piece: Piece, segment: Segment, number: int, wanted: Wanted | None) -> None:
    """Collect what DuckDB reads of a segment."""
    duck = lend()
    sheet, _, scan = judge.sheet(segment, piece, keep=False)
    if sheet.rows:
        if judge.sieve is None:
            duck.collect_candidates(sheet, judge.rules, number)
        elif wanted is None:
            duck.collect_candidates(sheet, judge.rules, number, EVERY)
        elif listed := judge.wanted_records(duck, sheet, wanted):
            duck.collect_candidates(sheet, judge.rules, number, LISTED, listed=listed)
    if scan:
        sheet.path.unlink()


def suspected_by_duckdb(judge: Judge, lend: Lend) -> Suspects:
    """Compare the hashes that DuckDB kept."""
    numbers = range(len(judge.rules.keys))
    return Suspects({number: None for number in numbers if lend().repeats_suspected(number)})

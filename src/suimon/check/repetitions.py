"""Keys that repeat: those whose hashes stand twice are looked at again, by their values."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from suimon.check.found import EVERY, LISTED, CheckError
from suimon.check.judged import Lend, Piece
from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys, wanted_of
from suimon.check.kernel.plan import plan_to_find_keys
from suimon.check.kernel.sift import Sieve, Wanted
from suimon.check.kernel_doubts import Record, moved_records, sheet_of_doubtful, sound_records
from suimon.check.segment_check import Judge
from suimon.check.segments import Segment
from suimon.check.workers import Rounds
from suimon.values import dataclass

# So many bytes of candidates are worth a statement of DuckDB.
_BATCH_BYTES = 1024 * 1024

_Found = list[tuple[int, list[Record]]]  # candidates by the places of their keys in the rules


@dataclass(frozen=True, slots=True)
class Suspects:
    """Keys, by their places in the rules, of which some stand twice: the hashes to look for, None for those of all."""

    wanted: Mapping[int, Wanted | None]
    finder: Sieve | None = None  # reads no cells but those of the keys

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
        return cls(wanted, Sieve(judge.sieve.kernel, plan_to_find_keys(judge.sieve.plan)))


def suspected_by_duckdb(judge: Judge, lend: Lend) -> Suspects:
    """Compare the hashes that DuckDB kept."""
    numbers = range(len(judge.rules.keys))
    return Suspects({number: None for number in numbers if lend().repeats_suspected(number)})


def collect_candidates(judge: Judge, suspects: Suspects, rounds: Rounds, folder: Path) -> None:
    """Go through the file again and put every record before DuckDB whose key is suspected."""
    waiting = {number: list[Record]() for number in suspects.wanted}
    path = folder / "candidates.csv"

    def compare(enough: int) -> None:
        for number, records in waiting.items():
            if sum(len(record.text) for record in records) > enough:
                sheet = sheet_of_doubtful(path, records, judge.grammar, judge.places)
                rounds.ducks.first().collect_candidates(sheet, judge.rules, number, EVERY)
                path.unlink()
                records.clear()

    for found in rounds.each(partial(_of_segment, judge, suspects)):
        for number, records in found:
            waiting[number] += records
        compare(_BATCH_BYTES)
    compare(0)


def _of_segment(judge: Judge, suspects: Suspects, lend: Lend, piece: Piece, segment: Segment) -> _Found:
    """Return the candidates of a segment that the kernel finds; the others are put before DuckDB at once."""
    found: _Found = []
    for number, wanted in suspects.wanted.items():
        records = None
        if wanted is not None and piece.sifted and suspects.finder:
            records = _sifted(judge, suspects.finder, piece, segment, wanted)
        if records is None:
            # Where most keys repeat, all records of the segment are candidates: one by one they take a second a MB.
            _collect(judge, lend, piece, segment, number, None if piece.sifted else wanted)
        else:
            found.append((number, records))
    return found


def _sifted(judge: Judge, finder: Sieve, piece: Piece, segment: Segment, wanted: Wanted) -> list[Record] | None:
    """Return the records whose hashes are wanted or not known; None if they are too many to be looked at singly."""
    sifted = finder.sift(segment.data, segment.size, last=segment.last, wanted=wanted)
    if sifted.stop == library.TOO_MANY:
        return None
    if not sifted.settled or sifted.records != piece.records:
        raise CheckError("the file has changed while it was checked; check it again")
    return moved_records(sound_records(segment, sifted, judge.grammar), piece.record, piece.line)


def _collect(judge: Judge, lend: Lend, piece: Piece, segment: Segment, number: int, wanted: Wanted | None) -> None:
    """Collect what DuckDB reads of a segment."""
    duck = lend()
    sheet, _, scan = judge.sheet(segment, piece, keep=False)
    if sheet.rows:
        if judge.sheet_keys is None:
            duck.collect_candidates(sheet, judge.rules, number)
        elif wanted is None:
            duck.collect_candidates(sheet, judge.rules, number, EVERY)
        elif listed := judge.sheet_keys.wanted_records(duck, sheet, wanted):
            duck.collect_candidates(sheet, judge.rules, number, LISTED, listed=listed)
    if scan:
        sheet.path.unlink()

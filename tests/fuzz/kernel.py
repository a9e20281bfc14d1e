"""The kernel alone on a mutated segment, held against the slow reading: it may doubt what it likes, pass nothing bad.

A segment lies between pages that nobody may read. Where the kernel settles it, and the grammar agrees on the records it
calls broken, then every record in which the slow reading finds a fault is in doubt, keys that repeat are found again,
and sums and counts are those of the records that it answers for. Cut where it may be cut, the parts are the whole; what
comes again and again is found each time.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from suimon.check.decode import as_utf8
from suimon.check.grammar import Grammar
from suimon.check.kernel import library
from suimon.check.kernel.keys import Keys, wanted_of
from suimon.check.kernel.plan import plan_for
from suimon.check.kernel.sift import Doubt, Hashes, Sieve, Sifted
from suimon.check.kernel_doubts import look_again
from suimon.check.rules_as_sql import Rules, rules_for
from suimon.check.segments import Segment
from suimon.check.verdict import Code
from suimon.contract.file import Column, Metric, Trailer
from suimon.contract.model import Contract
from tests.fuzz.contracts import CONTRACTS, KEYS, PARTITION, contract
from tests.unit.check.kernel.guarded import sifted, sifted_at_the_end
from tests.unit.check.oracle import judge
from tests.unit.check.oracle_cells import Typed, in_key, typed_value
from tests.unit.check.oracle_metrics import measure
from tests.unit.check.oracle_verdict import Expected

WORDS = (
    Column("code", "string", pattern="^[A-Z]{2}-?[0-9]+(x|yz)?$", min_length=3),
    Column("day", "date", format="%d/%m/%Y", minimum="1999-12-31", maximum="2028-02-29"),
    Column("big", "decimal", precision=38, scale=10, minimum="-1.5", maximum="99999999999999999999.5"),
    Column("word", "string", allowed=("red", "rot", "red ", "水")),
)
METRICS = (
    Metric("nullValues", ("word",), maximum="0"),
    Metric("missingValues", ("code",), values=("n/a", "-"), maximum="3"),
    Metric("invalidValues", ("word",), values=("red", "水"), maximum="3"),
    Metric("invalidValues", ("code",), pattern="^[A-Z].*$", maximum="3"),
)
SUMS = (Column("a", "string"), Column("n", "integer", bits=64), Column("d", "decimal", precision=20, scale=2))
# Besides the contracts of whole files. A letter keeps its contract, as there.
MORE = {
    "A": contract(*WORDS),
    "B": replace(contract(*WORDS, null_tokens=("", "NULL"), quote="'", escape="'"), metrics=METRICS),
    "C": contract(*SUMS, trailer=Trailer("T", 2, (("n", 3), ("d", 4))), decimal=",", delimiter=";"),
    "D": contract(Column("a", "string", unique=True), Column("b", "string", max_length=3), encoding="cp932"),
    "E": replace(KEYS, primary_key=("name", "price"), conditions=(), metrics=()),
    "G": contract(
        Column("d", "date", format="%Y-%m-%d"),
        Column(
            "z",
            "timestamp",
            format="%Y-%m-%d %H:%M:%S%z",
            minimum="2024-02-29T12:00:00",
            maximum="2024-02-29T12:00:01",
        ),
    ),
    "F": contract(Column("n", "integer", bits=64, minimum="-9223372036854775808"), Column("m", "integer", bits=32)),
}
LETTERS = {letter: one for letter, one in CONTRACTS.items() if one.file and one.file.compression == "none"} | MORE
LONG, REPEATS = 127, 40  # the options by which a text is repeated, to get past a window of 4,096 bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A contract of a piece without header and trailer, and what reads such a piece."""

    contract: Contract
    partition: str | None
    sieve: Sieve
    rules: Rules
    grammar: Grammar

    def segment(self, text: bytes) -> Segment:
        """Return a whole file's records as a segment."""
        return Segment(text, len(text), Path(), last=True, decode=self._decoded if self.sieve.plan.raw else None)

    def _decoded(self, part: bytes) -> bytes:
        dialect = self.contract.file
        assert dialect
        return b"".join(as_utf8(iter((part,)), dialect))


@cache
def sheet_of(letter: str, partition: str | None) -> Sheet:
    """Return what is asked of the kernel under a contract: no header, no conditions, the metrics that it knows."""
    whole = LETTERS[letter]
    assert whole.file
    dialect = replace(whole.file, header=False, skip_lines=0, compression="none", max_ratio=1000)
    metrics = tuple(one for one in whole.metrics if one.name in {"nullValues", "missingValues", "invalidValues"})
    bare = replace(whole, file=dialect, conditions=(), metrics=metrics, tolerance=None)
    places = tuple(range(len(bare.columns)))
    rules = rules_for(bare, partition, places)
    kernel = library.found()
    assert kernel, "the kernel is not built"
    sieve = Sieve(kernel, plan_for(bare, partition, places, rules))
    # Here every line is a record, the last one, too; and what the kernel does not read as it is would come transcoded.
    seen = replace(dialect, trailer=None, encoding=dialect.encoding if sieve.plan.raw else "utf-8")
    return Sheet(replace(bare, file=seen), partition, sieve, rules, Grammar(seen, len(places)))


def fuzz_kernel(drawn: bytes) -> None:
    """Go through a segment with the kernel: whatever the slow reading finds wrong is in doubt."""
    letters = tuple(LETTERS)
    letter = drawn[:1].decode("latin-1")
    letter = letter if letter in LETTERS else letters[ord(letter or "\0") % len(letters)]
    options = drawn[1] if drawn[1:] else 0
    sheet = sheet_of(letter, PARTITION if options & 8 else None)
    found = compare(sheet, drawn[2:], options >> 4)
    if options & 127 == LONG:
        _is_the_same_again_and_again(sheet, drawn[2:], found)


def compare(sheet: Sheet, text: bytes, cut: int = 0) -> Sifted:
    """Fail if the kernel answers for a record that the slow reading finds wrong; return what it found."""
    found = sifted(sheet.sieve, text)
    if found.settled and not text.startswith(b"\xef\xbb\xbf") and _grammar_agrees(sheet, text, found):
        expected = judge(text, sheet.contract, sheet.partition)
        _doubts_all_that_is_wrong(found, expected)
        _finds_repeated_keys(sheet, text, found, expected)
        _counts_right(sheet, found, expected)
    _is_the_same_in_parts(sheet, text, found, cut)
    return found


def _grammar_agrees(sheet: Sheet, text: bytes, found: Sifted) -> bool:
    """Return whether the checker would believe the kernel: else it reads the whole segment the slow way."""
    if all(doubt.kind in {library.CELLS, library.CANDIDATE} for doubt in found.doubts):
        return True
    return look_again(sheet.segment(text), found, sheet.grammar, room=0, numbers=True) is not None


def _doubts_all_that_is_wrong(found: Sifted, expected: Expected) -> None:
    blank = Counter(doubt.line + 1 for doubt in found.doubts if doubt.kind == library.BLANK)
    doubted = {doubt.record + 1 for doubt in found.doubts if doubt.kind != library.BLANK}
    broken = {doubt.record + 1 for doubt in found.doubts if doubt.kind == library.FORM}
    keys = {Code.UNIQUE_ERROR, Code.PRIMARY_KEY_ERROR}
    told = [place for place in expected.places if place.code not in keys]
    bad = {place.record for place in told if place.record}
    assert found.records == expected.rows
    assert bad <= doubted, f"passed: {sorted(bad - doubted)} of {told}"
    assert blank == Counter(place.line for place in told if place.code is Code.BLANK_ROW)
    assert broken <= bad, f"broken without a fault: {sorted(broken - bad)}"


def _answered_for(found: Sifted, expected: Expected) -> dict[int, tuple[str, ...]]:
    doubted = {doubt.record + 1 for doubt in found.doubts if doubt.kind != library.BLANK}
    return {record: cells for record, cells in expected.sound.items() if record not in doubted}


def _finds_repeated_keys(sheet: Sheet, text: bytes, found: Sifted, expected: Expected) -> None:
    """Keys are compared by their values: those that repeat among the records that are answered for are candidates."""
    sure = _answered_for(found, expected)
    for key, rule in enumerate(sheet.rules.keys):
        by_value: dict[tuple[Typed, ...], list[int]] = {}
        for record, cells in sure.items():
            value = tuple(in_key(_typed(sheet, cells, place)) for place in rule.columns)
            if None not in value:
                by_value.setdefault(value, []).append(record)
        assert sum(sum(one.counts) for one in found.hashes[key]) == sum(map(len, by_value.values()))
        repeated = {record for records in by_value.values() if len(records) > 1 for record in records}
        kept = Keys(sheet.sieve.kernel, Path(), key)
        for hashes in found.hashes[key]:
            kept.add(hashes)
        wanted = kept.repeated() or ()
        again = sifted(sheet.sieve, text, wanted=wanted_of(sheet.sieve.kernel, key, wanted)) if wanted else Sifted()
        listed = {doubt.record + 1 for doubt in again.doubts if doubt.kind == library.CANDIDATE}
        assert repeated == listed, f"repeated {sorted(repeated)}, looked up {sorted(listed)}"


def _typed(sheet: Sheet, cells: tuple[str, ...], place: int) -> Typed:
    dialect = sheet.contract.file
    assert dialect
    return typed_value(sheet.contract.columns[place], cells[place], dialect)


def _counts_right(sheet: Sheet, found: Sifted, expected: Expected) -> None:
    dialect, columns = sheet.contract.file, sheet.contract.columns
    assert dialect
    sure = _answered_for(found, expected)
    for place, total in zip(sheet.rules.sums, found.sums, strict=True):
        values = [_typed(sheet, cells, place) for cells in sure.values()]
        exact = sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))
        assert total == exact.scaleb(columns[place].scale or 0)
    records = [
        {column.name: (text, typed_value(column, text, dialect)) for column, text in zip(columns, cells, strict=True)}
        for cells in sure.values()
    ]
    counted = zip(sheet.sieve.plan.metrics, found.metrics, strict=True)
    for number, count in counted:
        metric = sheet.contract.metrics[sheet.rules.rules[number].metric or 0]
        assert count == measure(metric, records, dialect.null_tokens, len(records)), metric


def _is_the_same_in_parts(sheet: Sheet, text: bytes, found: Sifted, cut: int) -> None:
    """Cut where the kernel would cut: if both parts settle they are the whole."""
    at = sheet.sieve.cut(text, len(text) * cut // 16)
    assert 0 <= at <= len(text) * cut // 16
    if not 0 < at < len(text):
        return
    assert text[at - 1 : at] == b"\n"
    first = sifted_at_the_end(sheet.sieve, text[:at], last=False)
    second = sifted_at_the_end(sheet.sieve, text[at:])
    if not (first.settled and second.settled and found.settled):
        return
    further = [
        Doubt(one.start + at, one.end + at, one.record + first.records, one.line + first.lines, one.kind)
        for one in second.doubts
    ]
    joined = [*first.doubts, *further]
    assert (joined, first.records + second.records, first.lines + second.lines) == (
        found.doubts,
        found.records,
        found.lines,
    )
    assert [sum(pair) for pair in zip(first.sums, second.sums, strict=True)] == found.sums
    assert [sum(pair) for pair in zip(first.metrics, second.metrics, strict=True)] == found.metrics
    for key, hashes in enumerate(found.hashes):
        assert _hashes(hashes) == _hashes([*first.hashes[key], *second.hashes[key]])


def _is_the_same_again_and_again(sheet: Sheet, text: bytes, once: Sifted) -> None:
    """What is found in a text is found each time it comes again, wherever windows and blocks end."""
    often = sifted_at_the_end(sheet.sieve, text * REPEATS)
    if not (once.settled and text.endswith(b"\n") and sifted_at_the_end(sheet.sieve, text, last=False).settled):
        return  # a record, or a comment, may go on where the text comes again
    assert often.settled
    assert often.doubts == [
        Doubt(
            one.start + number * len(text),
            one.end + number * len(text),
            one.record + number * once.records,
            one.line + number * once.lines,
            one.kind,
        )
        for number in range(REPEATS)
        for one in once.doubts
    ]
    assert (often.records, often.lines, often.broken) == tuple(
        REPEATS * one for one in (once.records, once.lines, once.broken)
    )
    assert often.sums == [REPEATS * one for one in once.sums]
    assert often.metrics == [REPEATS * one for one in once.metrics]
    for key, hashes in enumerate(once.hashes):
        single = _hashes(hashes)
        assert _hashes(often.hashes[key]) == Counter({one: REPEATS * count for one, count in single.items()})


def _hashes(parts: Iterable[Hashes]) -> Counter[bytes]:
    texts = (one.parted for one in parts)
    return Counter(text[at : at + 8] for text in texts for at in range(0, len(text), 8))

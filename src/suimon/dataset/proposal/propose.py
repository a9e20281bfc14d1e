"""A first contract from a sample: ODCS YAML with a mark wherever a person must decide. The gate never guesses."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from uuid import UUID

import yaml

from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.contract.odcs.bounds_and_patterns import DATES_ALONE, JAVA
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.contract.odcs.runs import MAX_DAG_ID
from suimon.contract.partition import Unit, partition_of
from suimon.contract.redshift_names import is_plain
from suimon.dataset.create_table import create_table
from suimon.dataset.folder import CONTRACT, TABLE
from suimon.dataset.proposal.examples import golden_files
from suimon.dataset.proposal.guess import Guess, Guesses, guess_columns
from suimon.dataset.proposal.key import NO_DATE, Key, guess_key
from suimon.dataset.proposal.layout import Layout
from suimon.dataset.proposal.partition import holding_columns, records_of
from suimon.dataset.proposal.sample import SampleError
from suimon.dataset.proposal.samples import read_samples
from suimon.drops.foreign_text import one_line
from suimon.values import dataclass

MARK = "# DECIDE: "

_MOST_HOURS = 1_000  # that a contract may look back for, of all parts together
_LOGICAL = {"decimal": "number"}
_JAVA = {directive: letters for letters, directive in (*JAVA.items(), *DATES_ALONE.items())}


@dataclass(frozen=True, slots=True)
class Proposal:
    """The files of a dataset's folder, by their path in it, and which places of them a person must decide."""

    files: Mapping[str, str]

    @property
    def undecided(self) -> list[tuple[int, str]]:
        """Each mark of the contract: its line, and what is to be decided there."""
        lines = enumerate(self.files[CONTRACT].splitlines(), 1)
        return [(number, line.partition(MARK)[2]) for number, line in lines if MARK in line]


def propose(dataset: str, paths: Sequence[Path], identity: UUID) -> Proposal:
    """Return a first dataset for files like those at `paths`; SampleError if none can be guessed.

    Every value that is not plain from the samples, and would be wrong in silence, carries MARK; one that would be
    refused aloud has its reason in a comment. A suggestion that is not in force stands in a comment, and is a valid
    clause once it is uncommented. Values of columns that look personal are in no file.
    """
    samples = read_samples(paths)
    guesses = guess_columns(samples.layout.labels, samples.evidence)
    read = f"{sum(one.records for one in samples.evidence):,} records"
    key = guess_key(dataset, paths, [records_of(guesses, place) for place in range(len(paths))])
    lines = [
        *_head(paths, dataset, read, samples.layout.faults),
        *_about(dataset, identity),
        *_schema(dataset, samples.layout, guesses),
        *_custom(dataset, key, samples.layout, guesses),
        *_arrival(key),
    ]
    text = "\n".join(lines) + "\n"
    contract = _read(text)
    spread = next((guess.column.name for guess in guesses.columns if guess.distinct), None)
    golden = golden_files(contract, samples.layout, key.partitions[0])
    return Proposal({CONTRACT: text, TABLE: create_table(contract, spread)} | golden)


def _read(text: str) -> Contract:
    """Read a proposal as if everything in it were decided."""
    with tempfile.TemporaryDirectory(prefix="suimon-") as scratch:
        path = Path(scratch, CONTRACT)
        path.write_text(text.replace(MARK, "# "), encoding="utf-8")
        try:
            return read_contract(path)
        except ContractFileError as error:
            reasons = "; ".join(str(error).replace(f"{path}:", "line ").split("\n"))
            raise SampleError(f"no contract can describe the samples: {reasons}") from error


def _line(depth: int, text: str, doubt: str | None = None, *, note: str | None = None) -> str:
    """Write a clause with what a person must decide of it, or with a note on a guess that is refused where it errs."""
    return "  " * depth + text + (f"  {MARK}{doubt}" if doubt else f"  # {note}" if note else "")


def _scalar(text: str) -> str:
    """Write a text so that YAML reads exactly it, on one line."""
    if re.fullmatch(r"[A-Za-z_][\w./{}-]*", text, re.ASCII) and yaml.safe_load(text) == text:
        return text
    if text == '"':
        return "'\"'"
    return _quoted(text)


def _quoted(text: str) -> str:
    """Write a text in quotes; what does not print, such as a turned direction, is an escape that people see."""
    dumped = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9).strip()
    return "".join(char if char.isprintable() or char == "\u3000" else f"\\U{ord(char):08X}" for char in dumped)


def _head(paths: Sequence[Path], dataset: str, read: str, faults: tuple[str, ...]) -> Iterator[str]:
    names = ", ".join(_scalar(path.name) for path in paths)
    yield f"# A first contract for {dataset}, guessed from {names}: {read}."
    yield "# It may be wrong anywhere; what a person must look at is marked DECIDE. Take the marks out, then:"
    yield f"#   suimon dataset check {dataset} --rewrite"
    if faults:
        yield "# In the samples themselves is what the gate refuses, or what this contract does not describe yet:"
        yield from (f"#   {one_line(fault)}" for fault in faults)


def _about(dataset: str, identity: UUID) -> Iterator[str]:
    yield "apiVersion: v3.1.0"
    yield "kind: DataContract"
    yield f"id: {identity}"
    yield f"name: {_scalar(dataset.replace('_', ' ').capitalize())}"
    yield "version: 0.1.0"
    yield "status: draft"
    yield "description:"
    yield _line(1, "purpose: To be written.", "what is one record, who sends the file, what is it loaded into?")
    yield ""


def _schema(dataset: str, layout: Layout, guesses: Guesses) -> Iterator[str]:
    yield "schema:"
    yield _line(1, f"- name: {_scalar(dataset)}")
    yield _line(2, f"physicalName: {_scalar(dataset)}", note="the table in the warehouse")
    yield _line(2, "physicalType: table")
    yield _line(2, "properties:", _unnamed(layout, guesses))
    for guess in guesses.columns:
        yield from _property(guess)
    yield _line(2, "quality:")
    yield _line(3, "- metric: rowCount")
    yield _line(4, "type: library")
    yield _line(4, "mustBeGreaterOrEqualTo: 1", note="a file without records is a mistake; where it is right, write 0")
    yield ""


def _unnamed(layout: Layout, guesses: Guesses) -> str | None:
    """Return one mark for all columns whose names are made up: what a person must do about them."""
    if layout.labels is None:
        return "the file names no column: put a name for column_1 and each of the others"
    labels = [label.lower() for label in layout.labels]
    made = [
        guess.column.name
        for guess, label in zip(guesses.columns, labels, strict=True)
        if label not in {guess.column.name, guess.column.name.removesuffix("_")}
    ]
    if not made:
        return None
    of = made[0] if len(made) == 1 else f"{made[0]} and {len(made) - 1} more"
    return f"the table needs plain names: put one for {of}, whose labels are none"


def _property(guess: Guess) -> Iterator[str]:
    column, doubts = guess.column, guess.doubts
    yield _line(3, f"- name: {_scalar(column.name)}")
    type_ = f"logicalType: {_LOGICAL.get(column.type, column.type)}"
    yield _line(4, type_, doubts.get("type"), note=doubts.get("note"))
    if column.type == "decimal":
        yield _line(4, f"physicalType: decimal({column.precision},{column.scale})", note=doubts.get("precision"))
    if column.required:
        yield _line(4, "required: true", note=doubts.get("required"))
    if guess.distinct:
        yield _line(
            4, "# unique: true", "every value of the sample is another one; or is it the key, primaryKey: true?"
        )
    if column.personal:
        yield _line(4, "classification: personal", doubts.get("personal"))
    yield from _options(guess)
    if guess.few:
        values = ", ".join(map(_scalar, guess.few))
        rule = f"{{metric: invalidValues, arguments: {{validValues: [{values}]}}, mustBe: 0}}"
        yield _line(4, f"# quality: [{rule}]", note="the only values in the sample; are there others?")
    yield from _column_words(column)


def _options(guess: Guess) -> Iterator[str]:
    column, doubts = guess.column, guess.doubts
    options = list[str]()
    if column.bits:
        options.append(_line(5, f"format: i{column.bits}", note=doubts.get("bits")))
    if column.format:
        options.append(_line(5, f"format: {_scalar(_java(column.format))}", doubts.get("format")))
    if column.max_length:
        options.append(_line(5, f"maxLength: {column.max_length}", note=doubts.get("max_length")))
    if column.type in {"integer", "decimal"} and not guess.negative:
        floor = "# minimum: 0" if options else "# logicalTypeOptions: {minimum: 0}"
        options.append(_line(5 if options else 4, floor, note="nothing in the sample is below; would it be wrong?"))
    if column.bits or column.format or column.max_length:
        yield _line(4, "logicalTypeOptions:")
    yield from options


def _column_words(column: Column) -> Iterator[str]:
    words = {"label": _scalar(column.label)} if column.label else {}
    if column.true_words and column.false_words and (column.true_words, column.false_words) != (("true",), ("false",)):
        words |= {"trueWords": _texts(column.true_words), "falseWords": _texts(column.false_words)}
    words |= {"blanks": "trim"} if column.trimmed else {}
    words |= {"fullWidth": "true"} if column.full_width else {}
    words |= {"thousands": _texts((column.thousands,))[1:-1]} if column.thousands else {}
    words |= {"yearPivot": str(column.pivot)} if column.pivot else {}
    if words:
        yield _line(4, "customProperties:")
    for name, value in words.items():
        yield _line(5, f"- property: {name}")
        yield _line(6, f"value: {value}")


def _java(form: str) -> str:
    """Write a strptime form in the letters of ODCS."""
    return re.sub("%-?[A-Za-z]|[A-Za-z]", lambda found: _JAVA.get(found[0]) or f"'{found[0]}'", form)


def _texts(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _custom(dataset: str, key: Key, layout: Layout, guesses: Guesses) -> Iterator[str]:
    holding = holding_columns(key, guesses)
    day = next((column for role, column in holding.items() if role in {"ds", "week", "month"}), None)
    if day and is_plain(day):
        yield "# slaProperties:  # how old, in days, may the table's newest value be?"
        yield f"#   - {{property: freshness, value: 2, unit: d, element: {dataset}.{day}}}"
        yield ""
    yield "customProperties:"
    yield from _entry("keyPattern", _scalar(key.pattern.text), key.doubt)
    if key.pattern.parts:
        parts = ", ".join(f"{part.name}: {_texts(part.values)}" for part in key.pattern.parts)
        yield from _entry("parts", f"{{{parts}}}", "all that there are: each is awaited, and no other is taken")
    yield _line(1, "- property: dag")
    yield _line(1, f"  value: {_scalar(dataset[: MAX_DAG_ID - len('_etl')] + '_etl')}")
    yield from _partition(key, holding, guesses)
    yield _line(1, "- property: dialect")
    yield _line(2, "value:")
    yield from _dialect(layout.format, layout.doubts, guesses)


def _arrival(key: Key) -> Iterator[str]:
    if key.pattern.unit is Unit.NONE:
        return
    yield _line(1, "- property: arrival", "by when must the file of a business date be there?")
    yield _line(2, "value:")
    if key.pattern.unit is Unit.HOUR:
        a_day = 24 * prod(len(part.values) for part in key.pattern.parts)
        yield _line(3, "minutesAfter: 20")
        back = max(1, min(3, _MOST_HOURS // a_day))
    else:
        yield _line(3, f"daysAfter: {3 if key.pattern.unit is Unit.MONTH else 1}")
        yield _line(3, 'deadline: "06:00"')
        back = 20 if key.pattern.unit is Unit.MONTH else 5
    yield _line(3, "timeZone: Asia/Tokyo")
    yield _line(3, f"lookbackDays: {back}")
    first = min(str(partition_of(one).first) for one in key.partitions)
    unknown = "# " if first == NO_DATE else ""
    yield _line(3, f"{unknown}firstDate: {first}", note="no earlier file is missed")


def _entry(name: str, value: str, doubt: str | None, comment: str = "") -> Iterator[str]:
    yield _line(1, f"{comment}- property: {name}")
    yield _line(1, f"{comment}  value: {value}", doubt)


def _dialect(form: FileFormat, doubts: dict[str, str], guesses: Guesses) -> Iterator[str]:
    yield _line(3, f"encoding: {form.encoding}", doubts.get("encoding"))
    yield _line(3, f"delimiter: {_scalar(form.delimiter)}", doubts.get("delimiter"))
    yield _line(3, f"quote: {_scalar(form.quote)}")
    if form.quote:
        yield _line(3, f"escape: {_scalar(form.escape)}")
    yield _line(3, f"lineEnding: {form.line_ending}", doubts.get("line_ending"))
    yield _line(3, f"header: {'true' if form.header else 'false'}", doubts.get("header"))
    if form.skip_lines:
        yield _line(3, f"skipLines: {form.skip_lines}", doubts.get("skip_lines"))
    tokens = "such a cell counts as missing, in every column" if len(guesses.null_tokens) > 1 else None
    yield _line(3, f"nullTokens: {_texts(guesses.null_tokens)}", tokens)
    if guesses.decimal == ",":
        yield _line(3, 'decimal: ","')
    if form.compression != "none":
        yield _line(3, f"compression: {form.compression}")


def _partition(key: Key, holding: Mapping[str, str], guesses: Guesses) -> Iterator[str]:
    """Propose which columns hold the partition; for a day that none holds throughout, one to be looked at."""
    unit, doubt = key.pattern.unit, "is it the business date, the same in every record?"
    if unit is Unit.NONE:
        yield from _entry("partition", f"{{{', '.join(['unit: none', *_mapped(holding)])}}}", None)
    elif unit is Unit.DAY and list(holding) == ["ds"]:
        yield from _entry("partition", _scalar(holding["ds"]), doubt)
    elif holding:
        yield from _entry("partition", f"{{{', '.join(_mapped(holding))}}}", "does each record say what its key says?")
    elif unit is Unit.DAY and (days := [one.column.name for one in guesses.columns if one.column.names_a_day]):
        yield from _entry("partition", _scalar(days[0]), doubt, "# ")


def _mapped(holding: Mapping[str, str]) -> list[str]:
    return [f"{role}: {_scalar(column)}" for role, column in holding.items()]

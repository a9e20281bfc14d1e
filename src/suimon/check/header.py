"""The header against the contract: every label there, once, in its place, and no other."""

from collections.abc import Iterator

from suimon.check.records import Record
from suimon.check.verdict import BadCell, Code, shown
from suimon.contract.model import Contract, FileFormat

_BYTE_ORDER_MARK = "\ufeff"


def judge_header(first: Record, contract: Contract, dialect: FileFormat) -> tuple[tuple[str, ...], list[BadCell]]:
    """Give the labels of the file's columns and what is wrong with them. Without a header they are the contract's."""
    expected = tuple(column.name for column in contract.columns)
    faults = []
    if first.raw.startswith(_BYTE_ORDER_MARK):
        faults.append(BadCell(Code.BYTE_ORDER_MARK, "the file starts with the bytes EF BB BF; save it without", 1))
    if not dialect.header:
        return expected, faults
    labels = tuple(label.removeprefix(_BYTE_ORDER_MARK) for label in first.cells)
    if not set(labels) & set(expected):
        # What stands there may be a first record, with personal values: show nothing of it.
        faults += [BadCell(fault.code, fault.message, first.line) for fault in first.faults]
        message = f"the first line holds none of the labels {', '.join(expected)}; add the header line"
        return labels, [*faults, BadCell(Code.MISSING_HEADER, message, first.line)]
    for fault in first.faults:
        label = None if fault.cell is None else shown(labels[fault.cell], personal=False)
        faults.append(BadCell(fault.code, fault.message, first.line, value=label))
    return labels, [*faults, *_label_faults(labels, expected, first)]


def _label_faults(labels: tuple[str, ...], expected: tuple[str, ...], first: Record) -> Iterator[BadCell]:
    for label in expected:
        if label not in labels:
            yield BadCell(Code.MISSING_LABEL, "the header lacks this column; add it", first.line, column=label)
    for place, label in enumerate(labels):
        line = first.line_of(place)
        if label not in expected:
            message = f"column {place + 1} is not in the contract; remove it"
            yield BadCell(Code.EXTRA_LABEL, message, line, value=shown(label, personal=False))
        elif label in labels[:place]:
            message = f"column {place + 1} repeats the label of column {labels.index(label) + 1}"
            yield BadCell(Code.DUPLICATE_LABEL, message, line, column=label)
    ours = [label for place, label in enumerate(labels) if label in expected and label not in labels[:place]]
    wanted = [label for label in expected if label in labels]
    for label, other in zip(wanted, ours, strict=True):
        if label != other:
            message = f"stands as column {labels.index(label) + 1}; the contract has it {_after(label, expected)}"
            yield BadCell(Code.MISPLACED_LABEL, message, first.line_of(labels.index(label)), column=label)


def _after(label: str, expected: tuple[str, ...]) -> str:
    place = expected.index(label)
    return f"after {expected[place - 1]}" if place else "first"

"""Several samples as one: what they have in common, and where they disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.dataset.proposal.evidence import Evidence, of_file, of_rows
from suimon.dataset.proposal.layout import Layout, lay_out
from suimon.dataset.proposal.sample import JAPANESE, Sample, SampleError, read_sample
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Samples:
    """The layout of all samples, with the records of the first one's start, and the evidence of each."""

    layout: Layout
    evidence: tuple[Evidence, ...]


def read_samples(paths: Sequence[Path]) -> Samples:
    """Read every sample to its end; SampleError if one is no table or they are not of one kind."""
    read = [_read(path) for path in paths]
    layouts = [layout for layout, _ in read]
    for path, layout in zip(paths[1:], layouts[1:], strict=True):
        if difference := _difference(layouts[0], layout):
            raise SampleError(f"{path} is no file like {paths[0]}: {difference}; propose from files of one kind")
    # What is written alike in all encodings tells nothing; of those that are not, all are alike by now.
    telling = next((one for one in layouts if "encoding" not in one.doubts), layouts[0])
    endings = {layout.format.line_ending for layout in layouts}
    form = replace(
        layouts[0].format,
        encoding=telling.format.encoding,
        line_ending=endings.pop() if len(endings) == 1 else "any",
    )
    doubts = {name: doubt for layout in layouts for name, doubt in layout.doubts.items()}
    if "encoding" not in telling.doubts:
        doubts.pop("encoding", None)
    faults = tuple(fault for layout in layouts for fault in layout.faults)
    return Samples(replace(layouts[0], format=form, doubts=doubts, faults=faults), tuple(one for _, one in read))


def _read(path: Path) -> tuple[Layout, Evidence]:
    sample = read_sample(path)
    try:
        layout = lay_out(sample)
    except SampleError as error:
        raise SampleError(f"{path}: {error}") from error
    if sample.whole:
        return layout, of_rows(layout.rows, layout.width)
    return _whole(path, sample, layout)


def _whole(path: Path, sample: Sample, layout: Layout) -> tuple[Layout, Evidence]:
    """Read beyond the start of a file, in another encoding where its start is ASCII and its rest is not."""
    for encoding in (sample.encoding, *(JAPANESE if sample.text.isascii() and sample.encoding == "utf-8" else ())):
        form = replace(layout.format, encoding=encoding)
        try:
            evidence = of_file(path, form, layout.width)
        except SampleError:
            if encoding == "utf-8" and sample.text.isascii():
                continue
            raise
        others = f"{evidence.others:,} records of the whole file have not {layout.width} cells"
        faults = (*layout.faults, others) if evidence.others else layout.faults
        return replace(layout, format=form, faults=faults), evidence
    raise SampleError(f"{path}: its start is ASCII, its rest neither UTF-8 nor CP932 nor EUC-JP: ask for UTF-8")


def _difference(one: Layout, other: Layout) -> str | None:
    ours, theirs = one.format, other.format
    if one.width != other.width:
        return f"it has {other.width} columns, not {one.width}"
    if one.labels != other.labels:
        return "its header is another one"
    for what in ("delimiter", "quote", "escape", "skip_lines", "compression"):
        if getattr(ours, what) != getattr(theirs, what):
            return f"its {what.replace('_', ' ')} is {getattr(theirs, what)!r}, not {getattr(ours, what)!r}"
    known = {layout.format.encoding for layout in (one, other) if "encoding" not in layout.doubts}
    return f"it is {theirs.encoding}, not {ours.encoding}" if len(known) > 1 else None

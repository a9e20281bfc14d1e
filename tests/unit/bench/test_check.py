"""The benchmark's own parts, without the tools that it measures."""

import csv
import gzip
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.check import tables
from bench.check.cases import Sizes, cases
from bench.check.data import PARTITION, Sample, Truth, make, text_size, truth
from bench.check.found import Found
from bench.check.judge import judge
from bench.check.measure import Cost, Limits, measure
from bench.check.page import page
from bench.check.picture import picture
from bench.check.run import Result
from bench.check.targets import targets
from bench.check.tools import SUIMON

CELLS = Sample("sales", 2_400, "cells")
LIMITS = Limits(memory=2_000_000_000, seconds=20)


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def test_a_good_file_keeps_every_rule_of_its_contract(tmp_path: Path) -> None:
    records = read(make(replace(CELLS, faults="none"), tmp_path))
    assert len({record[0] for record in records}) == len(records) == 2_400
    assert {record[1] for record in records} == {PARTITION}
    assert 0.03 < sum("\n" in record[3] for record in records) / len(records) < 0.07
    assert all(len(record) == 7 and all(record) for record in records)


def test_a_bad_file_differs_from_the_good_one_in_exactly_the_bad_cells(tmp_path: Path) -> None:
    good, bad = (read(make(replace(CELLS, faults=faults), tmp_path)) for faults in ("none", "cells"))
    columns = ("order_id", "order_date", "customer_id", "product_name", "quantity", "unit_price", "amount")
    differing = {
        (number, column)
        for number, pair in enumerate(zip(good, bad, strict=True), 1)
        for column, cell, other in zip(columns, *pair, strict=True)
        if cell != other
    }
    assert differing == truth(CELLS).cells.keys()
    assert len(differing) == 24
    assert len(truth(CELLS).faults) == 12


def test_a_cp932_file_and_a_compressed_one_hold_the_same_lines(tmp_path: Path) -> None:
    inventory = Sample("inventory", 100)
    encoded = make(replace(inventory, encoding="cp932"), tmp_path).read_bytes()
    assert encoded.decode("cp932") == make(inventory, tmp_path).read_text(encoding="utf-8")
    packed, plain = (make(Sample("sales", 100, compression=form), tmp_path) for form in ("gzip", "none"))
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert text_size(packed) == text_size(plain)


def test_an_answer_is_marked_by_what_it_found_missed_and_made_up() -> None:
    known = truth(CELLS)
    cells = list(known.cells)
    marks = judge(Found(accepted=False, cells=[*cells[:20], (1, "amount")], unplaced=2), known)
    assert (marks.verdict, marks.found, marks.missed, marks.false) == (True, 20, 4, 3)
    assert judge(Found(accepted=True), Truth()).verdict


def test_counts_are_right_only_when_all_are() -> None:
    known = truth(CELLS)
    counts = [(code, column, cells) for (code, column), cells in known.counts.items()]
    assert judge(Found(accepted=False, counts=counts), known).counted
    assert not judge(Found(accepted=False, counts=counts[1:]), known).counted


@pytest.mark.process
def test_a_run_is_measured_and_what_passes_a_limit_is_ended(tmp_path: Path) -> None:
    hungry = [sys.executable, "-c", "kept = bytearray(60_000_000); import time; time.sleep(0.1)"]
    cost = measure(hungry, {}, tmp_path, LIMITS)
    assert cost.outcome == "ended"
    assert cost.peak > 60_000_000
    assert measure(hungry, {}, tmp_path, Limits(memory=40_000_000, seconds=20)).outcome == "memory"
    assert measure([sys.executable, "-c", "while True: pass"], {}, tmp_path, Limits(10**9, 0.1)).outcome == "time"


@pytest.fixture
def results() -> list[Result]:
    """A run in which every tool is right and takes as long as its name, Suimon a quarter of a second."""
    known = {"cells": truth(CELLS), "none": Truth(), "structure": truth(replace(CELLS, faults="structure"))}
    done = []
    for case in cases(Sizes(rows=2_400, large=24_000, small=2_400)):
        here = known[case.sample.faults]
        for tool in case.tools:
            found = Found(accepted=not here.counts, cells=list(here.cells))
            seconds = 0.25 if tool is SUIMON else len(tool.name)
            cost = Cost(wall=seconds, cpu=seconds, peak=100_000_000, outcome="ended")
            done.append(Result(case, tool, 1_000_000_000, [cost], found, judge(found, here)))
    done[-1].runs, done[-1].not_run = [], "not run: <too large>"
    return done


def test_the_targets_say_what_was_reached_and_what_not(results: list[Result]) -> None:
    verdicts = [target.met for target in targets(results)]
    assert verdicts == [True] * 6
    slow = next(one for one in results if one.tool is SUIMON and one.case.name == "large-clean")
    slow.runs = [Cost(wall=100, cpu=100, peak=600_000_000, outcome="ended")]
    assert [target.met for target in targets(results)] == [False, False, True, True, False, True]
    assert [target.met for target in targets([])] == [None] * 6


def test_the_page_shows_every_table_and_keeps_its_columns(results: list[Result]) -> None:
    large = [one for one in results if one.case.name == "large-gzip"]
    sheets = [tables.reached(targets(results)), tables.measured(large), tables.asked(results)]
    text = page(sheets, LIMITS, "this machine", "make bench-check")
    widths = Counter(line.count("|") for line in text.splitlines() if line.startswith("|"))
    assert set(widths) == {len(sheet.header) + 1 for sheet in sheets}
    assert "not run: &lt;too large>" in text


def test_the_picture_is_sound_xml_with_a_row_for_each_checker(results: list[Result]) -> None:
    root = ET.fromstring(picture(results))  # noqa: S314 - our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("24 of 24") == 9
    assert "Great Expectations" in texts

"""Every format of dates and times that lint accepts: gate and job read alike what is written so."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses

from glue import casting
from suimon.check.engine import check_file
from suimon.contract.odcs.parse import read_contract

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from suimon.contract.model import Contract

DAY, CLOCK, FRACTIONS = ("yyyy", "MM", "dd"), ("HH", "mm", "ss"), ("SSS", "SSSSSS")
# Between two parts: often nothing, digits too, and what Java, regular expressions and replacements take for their own.
BETWEEN = ("",) * 6 + (
    "-",
    "/",
    ".",
    ":",
    " ",
    ",",
    "_",
    "0",
    "21",
    "年",
    "'T'",
    "''",
    "'of day'",
    "$1",
    "\\",
    "^",
    "(",
    "+",
)
# Compact forms, as systems write them that leave out all marks; the fraction is what Java cannot tell from the year.
COMPACT = [
    f"{day}{mark}{clock}{zone}"
    for day in ("yyyyMMdd", "ddMMyyyy", "MMddyyyy", "yyyy-MM-dd")
    for mark in ("", "'T'")
    for clock in ("HHmm", "HHmmss", "HHmmssSSS", "HHmmssSSSSSS", "SSSssmmHH")
    for zone in ("", "XXX", " XXX")
]
MOMENTS = (
    datetime(2026, 11, 20, 13, 4, 5, 123456, UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999999, UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(9999, 12, 30, 23, 59, 59, 999000, UTC),
    datetime(1582, 10, 10, 0, 0, 1, 1000, UTC),
)
ZONES = (UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=11, minutes=30)), timezone(timedelta(hours=18)))


def drawn(chance: random.Random) -> str:
    """Draw a format that lint is to accept: its parts in any order, with anything or nothing between them."""
    parts = list(DAY)
    if chance.random() < 0.8:
        parts += CLOCK[: chance.choice((2, 3, 3))]
        if "ss" in parts and chance.random() < 0.6:
            parts.append(chance.choice(FRACTIONS))
    if chance.random() < 0.6:
        chance.shuffle(parts)
    text = chance.choice(("", "", "'on '", "~"))
    for part, following in pairwise([*parts, ""]):
        between = chance.choice(BETWEEN)
        # A fraction beside another run of S would be one word, and two quotes in a row one.
        text += part + (between if following else "")
    return text + (chance.choice(("", "XXX", " XXX", "''XXX")) if "HH" in parts else "")


def cell_of(form: str, moment: datetime) -> str:
    """Write a moment by a format of Java's."""
    zone = moment.strftime("%z")
    words = {
        "SSSSSS": f"{moment.microsecond:06}", "SSS": f"{moment.microsecond // 1000:03}", "yyyy": f"{moment.year:04}",
        "XXX": f"{zone[:3]}:{zone[3:]}", "MM": f"{moment.month:02}", "dd": f"{moment.day:02}",
        "HH": f"{moment.hour:02}", "mm": f"{moment.minute:02}", "ss": f"{moment.second:02}",
    }  # fmt: skip
    text, quoted = "", False
    while form:
        word = next((word for word in words if form.startswith(word) and not quoted), "")
        if form.startswith("''"):
            text, form = f"{text}'", form[2:]
        elif form[0] == "'":
            quoted, form = not quoted, form[1:]
        else:
            text, form = text + (words[word] if word else form[0]), form.removeprefix(word or form[0])
    return text


def contract_of(forms: list[str], folder: Path) -> Contract:
    """Read a contract as lint does, of a column for each format."""
    columns: list[dict[str, Any]] = [
        {
            "name": f"c{place}",
            "logicalType": "timestamp" if "HH" in form else "date",
            "logicalTypeOptions": {"format": form},
        }
        for place, form in enumerate(forms)
    ]
    dialect = {"encoding": "utf-8", "delimiter": "\t", "quote": "", "header": True, "nullTokens": [""]}
    terms = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "version": "1",
        "schema": [{"name": "formats", "physicalName": "formats", "properties": columns}],
        "customProperties": [
            {"property": "keyPattern", "value": "formats/{ds}/f.csv"},
            {"property": "dag", "value": "formats"},
            {"property": "dialect", "value": dialect},
        ],
    }
    path = folder / "formats.odcs.yaml"
    path.write_text(yaml.safe_dump(terms, allow_unicode=True), encoding="utf-8")
    return read_contract(path)


def wanted(form: str, moment: datetime) -> str:
    """Return the value of a cell so written: what the format leaves out is zero."""
    if "HH" not in form:
        return moment.date().isoformat()
    kept = moment.replace(second=moment.second * ("ss" in form))
    kept = kept.replace(microsecond=0 if "SSS" not in form else kept.microsecond)
    if "SSSSSS" not in form:
        kept = kept.replace(microsecond=kept.microsecond // 1000 * 1000)
    kept = (kept.astimezone(UTC) if "XXX" in form else kept).replace(tzinfo=None)
    return kept.isoformat(sep=" ", timespec="microseconds")


def of_both(forms: list[str], spark: SparkSession, folder: Path) -> list[str]:
    """Return what gate or job do not read as it was written."""
    contract = contract_of(forms, folder)
    moments = [moment.astimezone(zone) for moment in MOMENTS for zone in ZONES]
    rows = [[cell_of(form, moment) for form in forms] for moment in moments]
    source = folder / "f.csv"
    lines = ["\t".join(column.name for column in contract.columns), *("\t".join(row) for row in rows)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    verdict = check_file(source, contract, None, scratch=folder)
    wrong = [f"gate: {forms[int(bad.column[1:])]}: {bad.value}" for bad in verdict.bad_cells if bad.column]
    columns = contract.to_json()["columns"]
    frame = spark.createDataFrame([tuple(row) for row in rows], [column["name"] for column in columns])
    values = []
    for column in columns:
        value, kind = casting.value_of(F.col(column["name"]), column, ".")
        values.append(F.date_format(value, "yyyy-MM-dd" + (" HH:mm:ss.SSSSSS" if kind == "timestamp" else "")))
    for moment, row, read in zip(moments, rows, frame.select(*values).collect(), strict=True):
        for form, cell, value in zip(forms, row, read, strict=True):
            if value != wanted(form, moment):
                wrong.append(f"job: {form}: {cell} is {value}")
    return wrong


@pytest.mark.parametrize("seed", range(3))
def test_gate_and_job_read_every_drawn_format_as_it_is_written(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 no secret
    assert of_both([drawn(chance) for _ in range(60)], spark, tmp_path) == []


def test_gate_and_job_read_every_compact_format(spark: SparkSession, tmp_path: Path) -> None:
    assert of_both(COMPACT, spark, tmp_path) == []

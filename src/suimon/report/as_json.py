"""A verdict for others to read: a summary and the cells as JSON, and a text for an e-mail."""

import json
from collections.abc import Mapping
from typing import Any

from suimon.check.verdict import BadCell, Measurement, RuleCount, Verdict
from suimon.contract.file import LANGUAGES
from suimon.contract.model import Contract
from suimon.drops.foreign_text import harmless, one_line, printable
from suimon.report.causes import explain
from suimon.report.messages import Lang, either, meaning, metric_name, say, short, threshold

Labels = Mapping[str, str]  # what the header calls a column of the contract, where that is another name
NO_LABELS: Labels = {}
SYMPTOMS = 3  # faults shown as examples once their common cause is named


def labels_of(contract: Contract, lang: Lang = "en") -> Labels:
    """Return the names that whoever sends the file has for its columns, where the contract has others.

    A file without header has no names: its columns are known by their numbers.
    """
    if contract.file and not contract.file.header:
        numbers = enumerate(contract.columns, 1)
        return {column.name: either(lang, f"column {number}", f"{number} 列目") for number, column in numbers}
    return {column.name: column.title for column in contract.columns if column.title != column.name}


def label_of(column: str | None, labels: Labels) -> str | None:
    """Return the header's name of a column, or those of a key's columns; None where there is no other name."""
    if not column or not labels:
        return None
    label = labels.get(column) or ", ".join(labels.get(part, part) for part in column.split(", "))
    return label if label != column else None


def named(column: str | None, labels: Labels) -> str:
    """Return a column as the header calls it, and behind it as the contract does where that differs."""
    label = label_of(column, labels)
    return one_line(f"{label} ({column})" if label else column or "")


def partition_checked(contract: Contract, partition: str | None) -> bool:
    """Return whether the records were held to the file's business date, if they have one."""
    dated = any(column.partition for column in contract.columns) or any(one.names_date for one in contract.conditions)
    return bool(partition) or not dated


def identity(contract: Contract, file: str, partition: str | None) -> dict[str, Any]:
    """Return what was checked, as the first part of report.json."""
    return {
        "file": file,
        "dataset": contract.dataset,
        "contract_version": contract.version,
        "partition": partition,
        "partition_checked": partition_checked(contract, partition),
    }


def summary(verdict: Verdict, lang: Lang = "en", labels: Labels = NO_LABELS) -> dict[str, Any]:
    """Return the verdict in figures, as JSON; docs/report.schema.json says what each field is."""
    return {
        "verdict": "accepted" if verdict.accepted else "rejected",
        "cause": {"kind": str(verdict.cause.kind), "text": explain(verdict.cause, lang)} if verdict.cause else None,
        "rows": verdict.rows,
        "accepted_rows": verdict.accepted_rows,
        "set_aside": verdict.set_aside,
        "bad_records": verdict.bad_records,
        "bad_cells": verdict.bad_cell_count,
        "listed": len(verdict.bad_cells),
        "truncated": verdict.truncated,
        "counts": [
            {
                "code": str(count.code),
                "meaning": meaning(count.code, lang),
                "rule": say(count.code, count.details, lang),
                "column": count.column,
                "label": label_of(count.column, labels) or count.column,
                "cells": count.cells,
            }
            for count in verdict.counts
        ],
        "quality": [_measurement(one, lang, labels) for one in verdict.measurements],
        "warnings": warnings_of(verdict, lang, labels),
    }


def cell_as_json(cell: BadCell, lang: Lang = "en", labels: Labels = NO_LABELS) -> dict[str, str | int | None]:
    """Return one bad cell as JSON: code, message, line, record, column, label, value; the last five may be null."""
    return {
        "code": str(cell.code),
        "message": say(cell.code, cell.details, lang),
        "line": cell.line,
        "record": cell.record,
        "column": cell.column,
        "label": label_of(cell.column, labels) or cell.column,
        "value": cell.value,
    }


def cells_as_json_lines(verdict: Verdict, lang: Lang = "en", labels: Labels = NO_LABELS) -> str:
    """Return the listed cells, one JSON object a line, each with its message in every language."""
    return "".join(
        as_json({**cell_as_json(cell, lang, labels), "messages": _messages(cell)}) + "\n" for cell in verdict.bad_cells
    )


def _messages(cell: BadCell) -> dict[str, str]:
    return {lang: say(cell.code, cell.details, lang) for lang in LANGUAGES}


def as_json(value: Any, indent: int | None = None) -> str:
    """Return JSON that reads well and stays harmless: characters that do not print are escapes, lone surrogates too."""
    return harmless(json.dumps(value, ensure_ascii=False, indent=indent))


def describe(verdict: Verdict, limit: int = 10, lang: Lang = "en", labels: Labels = NO_LABELS) -> str:
    """Return the verdict in plain text: every rule that was broken, the first `limit` cells, the warnings."""
    lines = [headline(verdict, lang)]
    if verdict.cause:
        lines.append(explain(verdict.cause, lang))
        limit = min(limit, SYMPTOMS)
    if verdict.bad_cell_count:
        lines += ["", *(_count(count, lang, labels) for count in verdict.counts)]
    examples = verdict.bad_cells[:limit]
    if examples:
        everything = len(examples) == verdict.bad_cell_count
        first = f"The first {len(examples):,}:" if lang == "en" else f"最初の {len(examples):,} 件:"
        lines += ["", either(lang, "All of them:", "すべての誤り:") if everything else first]
        lines += [f"  {place(cell, lang, labels)}: {fault(cell, lang)} ({cell.code})" for cell in examples]
    if verdict.warns:
        lines += ["", either(lang, "Warnings:", "警告:")]
        lines += [f"  {warning}" for warning in warnings_of(verdict, lang, labels)]
    return "\n".join(lines)


def warnings_of(verdict: Verdict, lang: Lang = "en", labels: Labels = NO_LABELS) -> list[str]:
    """Return what rejects nothing and people are to be told: metrics past a threshold, columns nobody knows."""
    unknown = [
        either(
            lang,
            f"The contract does not know the column “{one_line(label)}”; it was not loaded.",
            f"契約にない列「{one_line(label)}」があります。取り込んでいません。",
        )
        for label in verdict.unknown_labels
    ]
    return [*(measured(one, lang, labels) for one in verdict.warnings), *unknown]


def leading(verdict: Verdict, lang: Lang = "en") -> str:
    """Return the sentences that lead a description: how many faults, and their common cause if there is one."""
    cause = [explain(verdict.cause, lang)] if verdict.cause else []
    return either(lang, " ", "").join([headline(verdict, lang), *cause])


def headline(verdict: Verdict, lang: Lang = "en") -> str:
    """Return the verdict in one sentence."""
    rows, faults, aside = verdict.rows, verdict.bad_cell_count, verdict.set_aside
    records = "record" if rows == 1 else "records"
    found = f"{faults:,} {'fault' if faults == 1 else 'faults'}"
    if verdict.accepted and aside:
        return either(
            lang,
            f"{verdict.accepted_rows:,} of {rows:,} {records} accepted, {aside:,} set aside.",
            f"{rows:,} 件のレコードのうち {verdict.accepted_rows:,} 件を受け入れ、{aside:,} 件を除外しました。",
        )
    if verdict.accepted and verdict.warns:
        warnings = len(verdict.warnings) + len(verdict.unknown_labels)
        return either(
            lang,
            f"{rows:,} {records} accepted, with {warnings:,} {'warning' if warnings == 1 else 'warnings'}.",
            f"{rows:,} 件のレコードを受け入れました。警告が {warnings:,} 件あります。",
        )
    if verdict.accepted:
        return either(
            lang,
            f"All {rows:,} records are as the contract says."
            if rows != 1
            else "The one record is as the contract says.",
            f"{rows:,} 件のレコードはすべて契約のとおりです。",
        )
    if rows == 0:
        return either(
            lang, f"{found}, and not one record.", f"{faults:,} 件の誤りがあり、レコードは 1 件もありません。"
        )
    return either(lang, f"{found} in {rows:,} {records}.", f"{rows:,} 件のレコードに {faults:,} 件の誤りがあります。")


def place(cell: BadCell, lang: Lang = "en", labels: Labels = NO_LABELS) -> str:
    """Return where a fault is: as much as is known of line, record and column."""
    parts = (
        either(lang, f"line {cell.line}", f"{cell.line} 行目") if cell.line else "",
        either(lang, f"record {cell.record}", f"レコード {cell.record}") if cell.record else "",
        named(cell.column, labels),
    )
    known = [part for part in parts if part]
    return either(lang, ", ", "、").join(known) if known else either(lang, "file", "ファイル")


def fault(cell: BadCell, lang: Lang = "en") -> str:
    """Return what a fault is, on one line, with its value quoted."""
    said = say(cell.code, cell.details, lang)
    if cell.value is None:
        return said
    return quoted(cell.value, lang) + either(lang, " ", "は") + said


def quoted(value: str, lang: Lang = "en") -> str:
    """Return a value on one line, every character that does not print as an escape."""
    return either(lang, f"“{printable(value)}”", f"「{printable(value)}」")


def measured(one: Measurement, lang: Lang = "en", labels: Labels = NO_LABELS) -> str:
    """Return what a metric of the contract is in this file, and what it should be."""
    metric = one.metric
    of = ", ".join(named(column, labels) for column in metric.columns)
    name = metric_name(metric.name, lang) + (f" ({of})" if of else "")
    share = f" ({short(one.percent)} %)" if metric.unit == "percent" else ""
    wanted = threshold(metric, lang)
    return either(
        lang,
        f"{name}: {one.value:,}{share}; contract: {wanted}",
        f"{name}: {one.value:,}{share}（契約の条件: {wanted}）",
    )


def _measurement(one: Measurement, lang: Lang, labels: Labels) -> dict[str, Any]:
    return {
        "metric": one.metric.name,
        "columns": list(one.metric.columns),
        "labels": [labels.get(column, column) for column in one.metric.columns],
        "value": one.value,
        "percent": one.percent,
        "unit": one.metric.unit,
        "threshold": threshold(one.metric, lang),
        "severity": one.severity,
        "kept": one.kept,
    }


def _count(count: RuleCount, lang: Lang, labels: Labels) -> str:
    of = either(lang, " in ", " ") + named(count.column, labels) if count.column else ""
    return f"  {count.cells:>9,}  {count.code}{of}: {say(count.code, count.details, lang)}"

"""Every kind of partition: its contract, and two partitions of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of partition: what its contract says, and of two partitions a key and the first cells of its records."""

    key: str
    custom: str
    one: tuple[str, str]
    other: tuple[str, str]
    beside: tuple[str, str] = ("", "")  # what the load writes beside the cells of the file


DAY, HOUR, STORE = "2026-11-20", "13", "S01"
PARTS = "  - {property: parts, value: {store: [S01, S02]}}\n"
KINDS = {
    "day": Kind(
        "g/{ds}.csv",
        "  - {property: partition, value: day}\n",
        ("g/2026-11-20.csv", "2026-11-20,13,S01"),
        ("g/2026-11-21.csv", "2026-11-21,13,S01"),
    ),
    "day_and_store": Kind(
        "g/{ds}/{store}.csv",
        PARTS + "  - {property: partition, value: {ds: day, store: store}}\n",
        ("g/2026-11-20/S01.csv", "2026-11-20,13,S01"),
        ("g/2026-11-20/S02.csv", "2026-11-20,13,S02"),
    ),
    "store_beside": Kind(
        "g/{ds}/{store}.csv",
        PARTS,
        ("g/2026-11-20/S01.csv", "2026-11-20,13,S01"),
        ("g/2026-11-20/S02.csv", "2026-11-20,13,S01"),
        ("|2026-11-20|S01", "|2026-11-20|S02"),
    ),
    "hour": Kind(
        "g/{ds}/{hour}.csv",
        "  - {property: partition, value: {ds: day, hour: hour}}\n",
        ("g/2026-11-20/13.csv", "2026-11-20,13,S01"),
        ("g/2026-11-20/14.csv", "2026-11-20,14,S01"),
    ),
    "hour_beside": Kind(
        "g/{ds:yyyyMMddHH}.csv",
        "",
        ("g/2026112000.csv", "2026-11-20,13,S01"),
        ("g/2026112013.csv", "2026-11-20,13,S01"),
        ("|2026-11-20|0", "|2026-11-20|13"),
    ),
    "week": Kind(
        "g/{week}.csv",
        "  - {property: partition, value: day}\n",
        ("g/2026-W53.csv", "2027-01-03,13,S01"),
        ("g/2027-W01.csv", "2027-01-04,13,S01"),
    ),
    "month": Kind(
        "g/{month}.csv",
        "  - {property: partition, value: {month: day}}\n",
        ("g/2026-02.csv", "2026-02-28,13,S01"),
        ("g/2026-03.csv", "2026-03-01,13,S01"),
    ),
    "month_beside": Kind(
        "g/{ds:yyyyMM}.csv",
        "",
        ("g/202611.csv", "2026-11-20,13,S01"),
        ("g/202612.csv", "2026-11-20,13,S01"),
        ("|2026-11-01", "|2026-12-01"),
    ),
    "whole_by_store": Kind(
        "g/{store}/latest.csv",
        PARTS + "  - {property: partition, value: {unit: none, store: store}}\n",
        ("g/S01/latest.csv", "2026-11-20,13,S01"),
        ("g/S02/latest.csv", "2026-11-20,13,S02"),
    ),
    "whole": Kind(
        "g/latest.csv",
        "  - {property: partition, value: {unit: none}}\n",
        ("g/latest.csv", "2026-11-20,13,S01"),
        ("g/latest.csv", "2026-11-21,14,S02"),
    ),
}
STAMPED = {
    "stamped": Kind(
        "g/{ds}_{stamp:HHmm}.csv",
        "  - {property: partition, value: day}\n",
        ("g/2026-11-20_0900.csv", "2026-11-20,13,S01"),
        ("g/2026-11-20_1000.csv", "2026-11-20,13,S01"),
    )
}
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: b5a3d3c2-6f0e-4c55-9a41-5d1f6e0c7a10
version: 1.0.0
status: active
schema:
  - name: {name}
    physicalName: {name}
    properties:
      - {{name: day, logicalType: date, required: true}}
      - {{name: hour, logicalType: integer, required: true}}
      - {{name: store, logicalType: string, required: true, logicalTypeOptions: {{maxLength: 8}}}}
      - {{name: number, logicalType: integer, unique: true, required: true}}
    quality: [{{metric: rowCount, type: library, mustBeGreaterOrEqualTo: 0}}]
customProperties:
  - {{property: keyPattern, value: "{key}"}}
  - {{property: dag, value: {dag}}}
  - property: dialect
    value: {{encoding: utf-8, delimiter: ",", quote: '"', escape: '"', header: true, nullTokens: [""]}}
{custom}"""

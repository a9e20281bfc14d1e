"""Sales files as an upstream system would send them: Japanese names, quoted line breaks, and faults on request."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

HEADER: Final = ("order_id", "order_date", "customer_id", "product_name", "quantity", "unit_price", "amount")
_PRODUCTS: Final = (
    ("緑茶 500ml", "148.00"),
    ("おにぎり 鮭", "165.00"),
    ("ノートPC 14型 「軽量」", "129800.00"),
    ("電池, 単三 4本", "398.50"),
    ("北海道産 じゃがいも 2kg\n(産地直送)", "598.00"),  # a line break inside the quotes, as spreadsheets write them
    ('水筒 "真空" 0.5L', "2480.75"),
    ("日本酒 純米吟醸 720ml", "1980.00"),
    ("文庫本 『こころ』", "407.00"),
)


@dataclass(frozen=True)
class Fault:
    """A bad cell: in which record (from 1), which column, and what stands there instead."""

    record: int
    column: str
    value: str


# What the bad file of the demo has wrong: one of each kind that the contract forbids.
FAULTS: Final = (
    Fault(17, "amount", "-1980.00"),
    Fault(402, "order_id", ""),
    Fault(1_203, "quantity", "三"),
    Fault(9_000, "order_date", "2026/11/20"),
    Fault(20_001, "unit_price", "148.005"),
    Fault(31_337, "customer_id", ""),
    Fault(49_999, "quantity", "0"),
)


@dataclass(frozen=True)
class SalesFile:
    """One file: its bytes, and what a correct load of it must show."""

    day: date
    content: bytes
    rows: int
    amount: Decimal


def sales_file(day: date, rows: int, seed: int, faults: tuple[Fault, ...] = ()) -> SalesFile:
    """Write the sales of one day: `rows` orders, the same ones for the same seed, with `faults` put in."""
    chance = random.Random(f"{day}:{seed}")  # noqa: S311 goods for a demo, not keys
    faulty = {fault.record: fault for fault in faults}
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    total = Decimal(0)
    for number in range(1, rows + 1):
        name, price = chance.choice(_PRODUCTS)
        quantity = chance.randint(1, 9)
        amount = Decimal(price) * quantity
        total += amount
        cells = {
            "order_id": f"{day:%Y%m%d}-{seed % 1000:03d}-{number:06d}",
            "order_date": day.isoformat(),
            "customer_id": f"C{chance.randint(1, 20_000):06d}",
            "product_name": name,
            "quantity": str(quantity),
            "unit_price": price,
            "amount": str(amount),
        }
        if fault := faulty.get(number):
            cells[fault.column] = fault.value
        writer.writerow([cells[column] for column in HEADER])
    return SalesFile(day, text.getvalue().encode(), rows, total)

"""What the Glue job writes of sales, without Spark."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

SCHEMA = pa.schema(
    [
        ("order_id", pa.string()),
        ("order_date", pa.date32()),
        ("customer_id", pa.string()),
        ("product_name", pa.string()),
        ("quantity", pa.int32()),
        ("unit_price", pa.decimal128(12, 2)),
        ("amount", pa.decimal128(14, 2)),
    ]
)


def write_sales(file: Path, *orders: tuple[str, date]) -> None:
    """Write a row for each order, of its day."""
    pq.write_table(sales(*orders), file)


def sales(*orders: tuple[str, date], customer: str | None = "C-1") -> pa.Table:
    """Return a row for each order, of its day."""
    rows = [
        {
            "order_id": order,
            "order_date": day,
            "customer_id": customer,
            "product_name": "抹茶\n「特選」",
            "quantity": 2,
            "unit_price": Decimal("100.00"),
            "amount": Decimal("200.00"),
        }
        for order, day in orders
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def sums_of_sales(rows: int) -> dict[str, str]:
    """Return the control sums of that many of these rows."""
    return {"quantity": str(2 * rows), "unit_price": f"{100 * rows}.00", "amount": f"{200 * rows}.00"}

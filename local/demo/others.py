"""A file of each other dataset: events as compressed TSV, and a count of the warehouses in CP932 with its trailer."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date

EVENTS: Final = 5_000
ARTICLES: Final = 400
_TOKYO: Final = ZoneInfo("Asia/Tokyo")
_KINDS: Final = ("page_view", "search", "add_to_cart", "purchase", "sign_up")
_WAREHOUSES: Final = ("東京第一", "大阪～第二", "㈱髙橋倉庫①")


@dataclass(frozen=True)
class OtherFile:
    """One file, and what a correct load of it must show: the answer to `figures`, which asks the warehouse."""

    dataset: str
    key: str
    content: bytes
    figures: str
    wanted: dict[str, object]


def other_files(day: date, seed: int) -> tuple[OtherFile, ...]:
    """Write the events and the count of one day, the same ones for the same seed."""
    return _events(day, random.Random(seed)), _inventory(day, random.Random(seed))  # noqa: S311 a draw to be repeated


def _events(day: date, chance: random.Random) -> OtherFile:
    lines, visitors = ["event_id\tuser_id\tevent_type\tevent_timestamp"], 0
    midnight = datetime.combine(day, time(), _TOKYO)
    first = last = midnight + timedelta(hours=12)
    for number in range(EVENTS):
        at = midnight + timedelta(seconds=chance.randrange(24 * 60 * 60))
        first, last = min(first, at), max(last, at)
        user = f"U{chance.randint(1, 900):04d}" if chance.random() < 2 / 3 else ""  # none before signing in
        visitors += not user
        lines.append(f"{day:%Y%m%d}-{number:06d}\t{user}\t{chance.choice(_KINDS)}\t{at.isoformat()}")
    figures = (
        "SELECT COUNT(*) AS records, COUNT(*) - COUNT(user_id) AS without_user, "
        "MIN(event_timestamp) AS earliest, MAX(event_timestamp) AS latest FROM user_events"
    )
    earliest, latest = (at.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for at in (first, last))
    wanted = {"records": EVENTS, "without_user": visitors, "earliest": earliest, "latest": latest}
    content = gzip.compress("\n".join([*lines, ""]).encode(), mtime=0)
    return OtherFile("user_events", f"user_events/{day}/events.tsv.gz", content, figures, wanted)


def _inventory(day: date, chance: random.Random) -> OtherFile:
    lines, pieces = ["商品コード,倉庫,棚卸日,在庫数,更新日時"], 0
    for article in range(ARTICLES):
        for warehouse in _WAREHOUSES:
            quantity = chance.randint(0, 2_000)
            pieces += quantity
            lines.append(f"A-{article:05d},{warehouse},{day:%Y/%m/%d},{quantity},{day:%Y/%m/%d} 03:30:00")
    rows = ARTICLES * len(_WAREHOUSES)
    lines.append(f"件数,{rows},,,")
    figures = "SELECT COUNT(*) AS records, SUM(quantity) AS pieces, MAX(warehouse) AS last_warehouse FROM inventory"
    wanted = {"records": rows, "pieces": pieces, "last_warehouse": max(_WAREHOUSES)}
    content = "\r\n".join([*lines, ""]).encode("cp932")
    return OtherFile("inventory", f"inventory/{day}/inventory.csv", content, figures, wanted)

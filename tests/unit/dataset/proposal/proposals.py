"""Samples, and what is proposed of them."""

import re
from pathlib import Path
from uuid import UUID

from suimon.contract.file import Column
from suimon.contract.model import Contract
from suimon.contract.odcs.parse import read_contract
from suimon.dataset.folder import CONTRACT
from suimon.dataset.proposal.propose import MARK, propose

IDENTITY = UUID("b5a3d3c2-6f0e-4c55-9a41-5d1f6e0c7a10")
SALES = "order_id,order_date,customer_id,product_name,quantity,unit_price,paid\n" + "".join(
    f'ORD-{number:05},2026-11-20,C{number % 7:04},"緑茶, 500ml",{number % 3 + 1},{number}.50,{"NY"[number % 2]}\n'
    for number in range(40)
)
INVENTORY = "品番,品名,倉庫,在庫数,更新日時,担当者名\r\n" + "".join(
    f"{number:06},緑茶 ５００ｍｌ,東京第一倉庫,{number},2026/11/20 08:{number:02}:00,山田太郎\r\n"
    for number in range(30)
)
EVENTS = "event_id\tuser_id\tevent_type\tevent_timestamp\n" + "".join(
    f"{10**12 + number}\tU{number % 9}\t{'click' if number % 3 else 'view'}\t2026-11-20T10:{number:02}:00.123+09:00\n"
    for number in range(50)
)
EUROPEAN = "Artikel;Preis;Am;Menge\nA-1;1234,50;21.11.2026;7\nA-2;-0,5;02.11.2026;N/A\n"


def proposed(path: Path, content: str | bytes, dataset: str = "goods") -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return propose(dataset, [path], IDENTITY).files[CONTRACT]


def read(text: str, folder: Path) -> Contract:
    path = folder / "proposed.odcs.yaml"
    path.write_text(text.replace(MARK, "# decided: "), encoding="utf-8")
    return read_contract(path)


def column(contract: Contract, name: str) -> Column:
    return next(column for column in contract.columns if column.name == name)


def marked(text: str, clause: str) -> bool:
    """Return whether a person is asked to look at a clause, each time it stands there."""
    lines = [line for line in text.splitlines() if clause in line]
    return bool(lines) and all(MARK in line for line in lines)


def decided(text: str) -> str:
    """Take every suggestion."""
    body = text[text.index("apiVersion") :]
    return re.sub(r"(?m)^( *)# (?=[-a-zA-Z ])", r"\1", body)

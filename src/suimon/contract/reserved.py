"""Names that a contract must not take: what else lies where a dataset or a table has its place."""

from typing import Final

# Folders of the reports bucket beside those of the datasets.
STATUS, FRESHNESS, UNDELIVERABLE, REPLAYS = "status", "freshness", "undeliverable", "replays"
_FOLDERS: Final = {
    STATUS: "the status pages",
    FRESHNESS: "sources.json",
    UNDELIVERABLE: "messages that nobody could read",
    REPLAYS: "the plans of replays",
}
# Beside each table lies its load log, and a load has a staging table.
_SUFFIXES: Final = ("_loads", "_staging")


def refused_dataset(dataset: str) -> str | None:
    """Return why a dataset that gets files must not have this name; None for a good one."""
    there = _FOLDERS.get(dataset.casefold())
    return there and f"must not be {dataset}: a folder of that name in the reports bucket holds {there}"


def refused_table(table: str) -> str | None:
    """Return why a table that is loaded must not have this name; None for a good one."""
    suffix = next((suffix for suffix in _SUFFIXES if table.endswith(suffix)), None)
    return suffix and f"must not end in {suffix}: the loads of another table write one of such a name"

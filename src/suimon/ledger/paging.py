"""All pages of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.service_resource import Table


def pages(table: Table, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of a query page by page, reading no further than they are taken; a page may be empty."""
    while True:
        page = table.query(**query)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def items(table: Table, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of a query one by one."""
    for page in pages(table, **query):
        yield from page

"""Many items of a table at once; what DynamoDB has left out of an answer is asked for again, ever more slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_dynamodb.service_resource import Table

BATCH = 100  # BatchGetItem takes no more
# Seconds between the tries for one batch; together some six, of an invocation's minutes. AWS asks for growing pauses:
# at once, the same throttled partition would leave out the same items again.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)


def read_items(
    table: Table, keys: Sequence[dict[str, str]], sleep: Callable[[float], None]
) -> Iterator[dict[str, Any]]:
    """Yield the items that exist under these distinct keys (consistent read), in no particular order.

    ClientError, as of any throttled read, when some stay unprocessed after retries: the caller tries again later.
    """
    for start in range(0, len(keys), BATCH):
        yield from _read_batch(table, keys[start : start + BATCH], sleep)


def _read_batch(table: Table, keys: Any, sleep: Callable[[float], None]) -> Iterator[dict[str, Any]]:
    for pause in (*PAUSES, None):
        answer: Any = table.meta.client.batch_get_item(
            RequestItems={table.name: {"Keys": keys, "ConsistentRead": True}}
        )
        yield from answer["Responses"][table.name]
        # What was too much for one answer or throttled comes back as not processed.
        keys = answer.get("UnprocessedKeys", {}).get(table.name, {}).get("Keys")
        if not keys:
            return
        if pause is not None:
            sleep(pause)
    told = f"{len(keys)} items of {table.name} were left out of {len(PAUSES) + 1} answers"
    raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": told}}, "BatchGetItem")

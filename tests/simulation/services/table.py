"""DynamoDB: one table with its indexes, at the level of boto3's Table, fault-free and in memory.

Conditions are text or boto3's objects. Indexes and inconsistent reads lag: see `lag`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer

from tests.simulation.services import expressions
from tests.simulation.services.conditions import holds, key_of
from tests.simulation.services.errors import Exceptions, NotModelledError, only, refusal
from tests.simulation.services.operations import resolved
from tests.simulation.services.storage import Storage
from tests.simulation.services.updating import updated
from tests.simulation.services.values import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from botocore.exceptions import ClientError

    from tests.simulation.services.storage import Item, Key

INDEXES: Mapping[str, tuple[str, str]] = {
    "by_partition": ("of_dataset", "partition"),
    "by_state": ("state", "updated_at"),
}
BATCH_KEYS = 100  # BatchGetItem takes no more
_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}
_NOTHING: dict[str, Any] = {}
_SERIALIZER = TypeSerializer()
_ON_FAILURE = ("NONE", "ALL_OLD")
_EXPRESSION = frozenset({"ExpressionAttributeNames", "ExpressionAttributeValues"})
_GET = frozenset({"Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"})
_WRITE = _EXPRESSION | {"ConditionExpression", "ReturnValues", "ReturnValuesOnConditionCheckFailure"}
_PUT = _WRITE | {"Item"}
_DELETE = _WRITE | {"Key"}
_UPDATE = _DELETE | {"UpdateExpression"}
_QUERY = _EXPRESSION | {
    *("IndexName", "KeyConditionExpression", "FilterExpression", "ProjectionExpression", "ConsistentRead"),
    *("Limit", "ExclusiveStartKey", "ScanIndexForward"),
}


def never() -> int:
    """Return the lag of a table whose reads are all up to date."""
    return 0


class Table:
    """A table with the keys `pk` and `sk` (texts).

    Attributes:
        lag: asked at each read of an index, and at each inconsistent one: how many of the table's newest writes this
            read does not see yet.
        on_write: told of every write: the key, the item before and after it (None: none); may raise.
        page_items: how many items a page of a query has, at most.
        batch_items: how many items a BatchGetItem gives at once; the other keys are given back unprocessed.

    """

    def __init__(
        self,
        name: str = "ledger",
        indexes: Mapping[str, tuple[str, str]] = INDEXES,
        *,
        lag: Callable[[], int] = never,
        on_write: Callable[[Key, Item | None, Item | None], None] | None = None,
    ) -> None:
        self.name = self.table_name = name
        self.lag = lag
        self.on_write = on_write
        self.page_items = 1_000
        self.batch_items = BATCH_KEYS
        self.meta = Meta(Client({name: self}))
        self._storage = Storage(indexes)
        self._index_keys = tuple({name for pair in indexes.values() for name in pair})

    # ------------------------------------------------------------ what a test may look at

    def items(self) -> Iterator[Item]:
        """Return every item as it stands; look, do not change."""
        return self._storage.items()

    def item(self, pk: str, sk: str) -> Item | None:
        """Return one item as it stands; look, do not change."""
        return self._storage.item((pk, sk))

    # ------------------------------------------------------------ what boto3 offers

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Read one item."""
        only("GetItem", request, _GET)
        found = self._storage.item(
            _key_of(request["Key"], "GetItem"), 0 if request.get("ConsistentRead") else self.lag()
        )
        if found is None:
            return {"ResponseMetadata": _OK}
        item = _projected([found], request, "GetItem")[0] if "ProjectionExpression" in request else dict(found)
        return {"Item": item, "ResponseMetadata": _OK}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write one whole item."""
        only("PutItem", request, _PUT)
        item = stored(request["Item"])
        key = _key_of(item, "PutItem", whole=True)
        before = self._storage.item(key)
        _permitted(before, request, "PutItem")
        return self._write(key, before, item, request, "PutItem")

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change some attributes of one item, which comes to be if it is not there."""
        only("UpdateItem", request, _UPDATE)
        key = _key_of(request["Key"], "UpdateItem")
        before = self._storage.item(key)
        plan = _permitted(before, request, "UpdateItem")
        after = updated(
            {"pk": key[0], "sk": key[1]} if before is None else before,
            plan.update,
            request.get("ExpressionAttributeNames", _NOTHING),
            request.get("ExpressionAttributeValues", _NOTHING),
        )
        return self._write(key, before, after, request, "UpdateItem")

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Delete one item, if it is there."""
        only("DeleteItem", request, _DELETE)
        key = _key_of(request["Key"], "DeleteItem")
        before = self._storage.item(key)
        _permitted(before, request, "DeleteItem")
        return self._write(key, before, None, request, "DeleteItem")

    def query(self, **request: Any) -> dict[str, Any]:
        """Read items of one partition of the table or of an index, in the order of the sort key, by pages."""
        only("Query", request, _QUERY)
        get = request.get
        names, values = get("ExpressionAttributeNames", _NOTHING), get("ExpressionAttributeValues", _NOTHING)
        wanted, wanted_filter = request["KeyConditionExpression"], get("FilterExpression")
        plan = _checked(
            expressions.plan(None, None, _text(wanted), _text(wanted_filter), get("ProjectionExpression")),
            request,
            "Query",
        )
        key = plan.key or key_of(wanted)
        index, backwards = get("IndexName"), get("ScanIndexForward") is False
        order = self._order(index, names.get(key.hash_name, key.hash_name), names.get(key.range_name, key.range_name))
        consistent = get("ConsistentRead", False)
        if consistent and index is not None:
            raise _invalid("Query", "Consistent reads are not supported on global secondary indexes")
        value = key.hash_value(_NOTHING, names, values)
        found = self._storage.partition(index, value, 0 if consistent else self.lag())
        if not found:  # the usual answer when a sweep asks
            return {"Items": [], "Count": 0, "ScannedCount": 0, "ResponseMetadata": _OK}
        if key.range_name is not None:
            found = [item for item in found if key.holds(item, names, values)]
        if backwards:
            found.reverse()
        if "ExclusiveStartKey" in request:
            found = _after(found, order, request["ExclusiveStartKey"], back=backwards)
        size = min(get("Limit", self.page_items), self.page_items)
        answer: dict[str, Any] = {"ScannedCount": min(len(found), size), "ResponseMetadata": _OK}
        if len(found) > size:
            found = found[:size]
            parts = ("pk", "sk", *self._storage.indexes.get(index or "", ()))
            answer["LastEvaluatedKey"] = {name: found[-1][name] for name in parts}
        if wanted_filter is not None:
            found = [item for item in found if holds(wanted_filter, item, names, values)]
        answer["Items"] = _projected(found, request, "Query")
        answer["Count"] = len(found)
        return answer

    # ------------------------------------------------------------ within

    def get_many(self, keys: Sequence[Mapping[str, Any]], *, consistent: bool) -> list[Item]:
        """Read items by their keys, for BatchGetItem: in no order."""
        lag = 0 if consistent else self.lag()
        found = [self._storage.item(_key_of(key, "BatchGetItem"), lag) for key in keys]
        return [dict(item) for item in reversed(found) if item is not None]

    def _order(self, index: str | None, hash_name: str, range_name: str | None) -> str:
        if index is not None and index not in self._storage.indexes:
            raise _invalid("Query", f"The table does not have the specified index: {index}")
        schema = ("pk", "sk") if index is None else self._storage.indexes[index]
        if hash_name != schema[0] or range_name not in {None, schema[1]}:
            missed = schema[0] if hash_name != schema[0] else schema[1]
            raise _invalid("Query", f"Query condition missed key schema element: {missed}")
        return schema[1]

    def _write(
        self, key: Key, before: Item | None, after: Item | None, request: Mapping[str, Any], operation: str
    ) -> dict[str, Any]:
        if after is not None:
            self._check_index_keys(after, operation)
        if self.on_write is not None:
            self.on_write(key, before, after)
        self._storage.write(key, before, after)
        given = request.get("ReturnValues", "NONE")
        if given == "NONE":
            return {"ResponseMetadata": _OK}
        answer: dict[str, Any] = {"ResponseMetadata": _OK}
        if given == "ALL_OLD":
            return answer if before is None else {"Attributes": dict(before), **answer}
        if operation == "UpdateItem" and after is not None and given == "ALL_NEW":
            return {"Attributes": dict(after), **answer}
        if operation == "UpdateItem" and after is not None and given == "UPDATED_NEW":
            changed = _changed(request)
            return {"Attributes": {name: after[name] for name in changed if name in after}, **answer}
        raise NotModelledError(f"{operation} has no ReturnValues={given} here")

    def _check_index_keys(self, item: Item, operation: str) -> None:
        for name in self._index_keys:
            value = item.get(name, "-")
            if type(value) is not str:
                raise _invalid(
                    operation, f"One or more parameter values were invalid: Type mismatch for Index Key {name}"
                )
            if not value:
                raise _invalid(
                    operation,
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                    f"supported. The AttributeValue for a key attribute cannot contain an empty string value: {name}",
                )


@dataclass(frozen=True)
class Meta:
    """A table's `meta`."""

    client: Client


class Client:
    """A table's `meta.client`: takes and gives plain values, as boto3 arranges for the client of a resource."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = dict(tables)
        self.exceptions = Exceptions()

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Read up to 100 items; some keys may come back unprocessed, and the items come in no order."""
        only("BatchGetItem", request, frozenset({"RequestItems"}))
        responses: dict[str, list[Item]] = {}
        left: dict[str, Any] = {}
        for name, wanted in request["RequestItems"].items():
            only("BatchGetItem", wanted, frozenset({"Keys", "ConsistentRead"}))
            table, keys = self._tables[name], wanted["Keys"]
            if not 0 < len(keys) <= BATCH_KEYS:
                raise _invalid("BatchGetItem", "Too many items requested for the BatchGetItem call")
            if len({(key["pk"], key["sk"]) for key in keys}) < len(keys):
                raise _invalid("BatchGetItem", "Provided list of item keys contains duplicates")
            now, later = keys[: table.batch_items], keys[table.batch_items :]
            responses[name] = table.get_many(now, consistent=wanted.get("ConsistentRead", False))
            if later:
                left[name] = {**wanted, "Keys": later}
        return {"Responses": responses, "UnprocessedKeys": left, "ResponseMetadata": _OK}


def _key_of(item: Mapping[str, Any], operation: str, *, whole: bool = False) -> Key:
    pk, sk = item.get("pk"), item.get("sk")
    if type(pk) is not str or type(sk) is not str or not (whole or len(item) == 2):
        raise _invalid(operation, "The provided key element does not match the schema")
    if not (pk and sk):
        raise _invalid(
            operation,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value",
        )
    return pk, sk


def _permitted(before: Item | None, request: Mapping[str, Any], operation: str) -> expressions.Plan:
    """Refuse a write whose condition does not hold."""
    wanted = request.get("ConditionExpression")
    if request.get("ReturnValuesOnConditionCheckFailure", "NONE") not in _ON_FAILURE:
        raise NotModelledError(f"{operation} knows two kinds of ReturnValuesOnConditionCheckFailure: {_ON_FAILURE}")
    plan = _checked(expressions.plan(_text(wanted), request.get("UpdateExpression")), request, operation)
    if wanted is not None:
        item = _NOTHING if before is None else before
        names = request.get("ExpressionAttributeNames", _NOTHING)
        if not holds(wanted, item, names, request.get("ExpressionAttributeValues", _NOTHING)):
            raise _condition_failed(before, request, operation)
    return plan


def _condition_failed(before: Item | None, request: Mapping[str, Any], operation: str) -> ClientError:
    """Make the refusal; on request it carries the item that stands there, as DynamoDB writes it."""
    fields: dict[str, Any] = {}
    if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before is not None:
        fields["Item"] = {name: _SERIALIZER.serialize(value) for name, value in before.items()}
    return refusal(operation, "ConditionalCheckFailedException", "The conditional request failed", **fields)


def _checked(plan: expressions.Plan, request: Mapping[str, Any], operation: str) -> expressions.Plan:
    """Refuse names and values that nothing uses or nothing defines, as DynamoDB does."""
    names, values = (
        request.get("ExpressionAttributeNames", _NOTHING),
        request.get("ExpressionAttributeValues", _NOTHING),
    )
    if names.keys() != plan.names or values.keys() != plan.values:
        odd = sorted((names.keys() ^ plan.names) | (values.keys() ^ plan.values))
        raise _invalid(operation, f"Attribute names or values are undefined or unused in expressions: {', '.join(odd)}")
    return plan


def _text(expression: Any) -> str | None:
    """Return an expression that is text; boto3's objects bring their own names and values."""
    return expression if isinstance(expression, str) else None


def _projected(found: list[Item], request: Mapping[str, Any], operation: str) -> list[Item]:
    wanted = request.get("ProjectionExpression")
    if wanted is None:
        return [dict(item) for item in found]
    names = request.get("ExpressionAttributeNames", _NOTHING)
    paths = [resolved(path, names) for path in expressions.projection(wanted).projection]
    if any(len(path) > 1 for path in paths):
        raise NotModelledError(f"{operation}: projections of nested attributes are not known here: {wanted}")
    return [{str(name): item[str(name)] for (name,) in paths if name in item} for item in found]


def _after(found: list[Item], order: str, start: Mapping[str, Any], *, back: bool) -> list[Item]:
    last = (start[order], start["pk"], start["sk"])
    if back:
        return [item for item in found if (item[order], item["pk"], item["sk"]) < last]
    return [item for item in found if (item[order], item["pk"], item["sk"]) > last]


def _changed(request: Mapping[str, Any]) -> list[Any]:
    names = request.get("ExpressionAttributeNames", _NOTHING)
    return [resolved(one.path, names)[0] for one in expressions.update(request["UpdateExpression"]).update]


def _invalid(operation: str, message: str) -> Exception:
    return refusal(operation, "ValidationException", message)

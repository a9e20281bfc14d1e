"""DynamoDB: one table with its indexes, at the level of boto3's Table, fault-free and in memory.

Conditions are text or boto3's objects. Indexes and inconsistent reads lag: see `lag`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.services import expressions
from tests.simulation.services.conditions import ObjectKey, holds, key_of
from tests.simulation.services.errors import Exceptions, NotModelledError, only, refusal
from tests.simulation.services.updating import updated
from tests.simulation.services.values import stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Item = dict[str, Any]
Key = tuple[str, str]

INDEXES: Mapping[str, tuple[str, str]] = {
    "by_partition": ("dataset_partition", "sequencer"),
    "by_state": ("state", "updated_at"),
}
BATCH_KEYS = 100  # BatchGetItem takes no more
# How many of the newest writes a lagging read can be behind.
LONGEST_LAG = 256
_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}
_EXPRESSION = frozenset({"ExpressionAttributeNames", "ExpressionAttributeValues"})
_GET = frozenset({"Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"})
_PUT = _EXPRESSION | {"Item", "ConditionExpression", "ReturnValues"}
_DELETE = _EXPRESSION | {"Key", "ConditionExpression", "ReturnValues"}
_UPDATE = _DELETE | {"UpdateExpression"}
_QUERY = _EXPRESSION | {
    *("IndexName", "KeyConditionExpression", "FilterExpression", "ProjectionExpression", "ConsistentRead"),
    *("Limit", "ExclusiveStartKey", "ScanIndexForward"),
}


def never() -> int:
    """Give the lag of a table whose reads are all up to date."""
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
        self._indexes = dict(indexes)
        self._index_keys = frozenset(name for pair in indexes.values() for name in pair)
        self._partitions: dict[str, dict[str, Item]] = {}
        self._undo: deque[tuple[Key, Item | None]] = deque(maxlen=LONGEST_LAG)

    # ------------------------------------------------------------ what a test may look at

    def items(self) -> Iterator[Item]:
        """Give every item as it stands; look, do not change."""
        for partition in self._partitions.values():
            yield from partition.values()

    def item(self, pk: str, sk: str) -> Item | None:
        """Give one item as it stands; look, do not change."""
        return self._partitions.get(pk, {}).get(sk)

    # ------------------------------------------------------------ what boto3 offers

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Read one item."""
        only("GetItem", request, _GET)
        key = _key_of(request["Key"], "GetItem")
        found = self._seen(key, consistent=request.get("ConsistentRead", False))
        answer: dict[str, Any] = {"ResponseMetadata": _OK}
        if found is not None:
            answer["Item"] = _projected(found, request)
        return answer

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write one whole item."""
        only("PutItem", request, _PUT)
        item = stored(request["Item"])
        key = _key_of(item, "PutItem", whole=True)
        before = self.item(*key)
        self._permitted(before, request, "PutItem")
        return self._write(key, before, item, request, "PutItem")

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change some attributes of one item, which comes to be if it is not there."""
        only("UpdateItem", request, _UPDATE)
        key = _key_of(request["Key"], "UpdateItem")
        before = self.item(*key)
        plan = self._permitted(before, request, "UpdateItem")
        item = before if before is not None else {"pk": key[0], "sk": key[1]}
        after = updated(
            item,
            plan.update,
            request.get("ExpressionAttributeNames", _NOTHING),
            request.get("ExpressionAttributeValues", _NOTHING),
        )
        return self._write(key, before, after, request, "UpdateItem")

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """Delete one item, if it is there."""
        only("DeleteItem", request, _DELETE)
        key = _key_of(request["Key"], "DeleteItem")
        before = self.item(*key)
        self._permitted(before, request, "DeleteItem")
        return self._write(key, before, None, request, "DeleteItem")

    def query(self, **request: Any) -> dict[str, Any]:
        """Read items of one partition of the table or of an index, in the order of the sort key, by pages."""
        only("Query", request, _QUERY)
        _plan(request, "Query")
        index = request.get("IndexName")
        if index is not None and request.get("ConsistentRead"):
            raise _invalid("Query", "Consistent reads are not supported on global secondary indexes")
        names = request.get("ExpressionAttributeNames", {})
        values = request.get("ExpressionAttributeValues", {})
        key = _key_condition(request["KeyConditionExpression"], names, values)
        order = self._order(index, key)
        found = [item for item in self._candidates(index, key, request) if key.holds(item)]
        found.sort(key=lambda item: (item[order], item["pk"], item["sk"]))
        if request.get("ScanIndexForward") is False:
            found.reverse()
        if "ExclusiveStartKey" in request:
            found = _after(found, order, request["ExclusiveStartKey"], back=request.get("ScanIndexForward") is False)
        page = found[: min(request.get("Limit", self.page_items), self.page_items)]
        answer: dict[str, Any] = {"ScannedCount": len(page), "ResponseMetadata": _OK}
        if len(page) < len(found):
            last = page[-1]
            answer["LastEvaluatedKey"] = {
                name: last[name] for name in ("pk", "sk", *self._indexes.get(index or "", ()))
            }
        if "FilterExpression" in request:
            page = [item for item in page if holds(request["FilterExpression"], item, names, values)]
        answer["Items"] = [_projected(item, request) for item in page]
        answer["Count"] = len(page)
        return answer

    def get_many(self, keys: Iterable[Mapping[str, Any]], *, consistent: bool) -> list[Item]:
        """Read items by their keys, for BatchGetItem: in no order."""
        found = (self._seen(_key_of(key, "BatchGetItem"), consistent=consistent) for key in keys)
        return [dict(item) for item in found if item is not None][::-1]

    # ------------------------------------------------------------ within

    def _seen(self, key: Key, *, consistent: bool) -> Item | None:
        if not consistent and (lag := self.lag()) and key in (unseen := self._unseen(lag)):
            return unseen[key]
        return self.item(*key)

    def _unseen(self, lag: int) -> dict[Key, Item | None]:
        """What the items were that the newest `lag` writes have changed."""
        before: dict[Key, Item | None] = {}
        for place in range(len(self._undo) - 1, max(len(self._undo) - 1 - lag, -1), -1):
            key, item = self._undo[place]
            before[key] = item
        return before

    def _candidates(self, index: str | None, key: ObjectKey, request: Mapping[str, Any]) -> list[Item]:
        lag = 0 if request.get("ConsistentRead") else self.lag()
        unseen = self._unseen(lag) if lag else {}
        if index is None:
            name, there = "pk", list(self._partitions.get(key.hash_value, {}).values())
        else:
            name, there = self._indexes[index][0], [item for one in self._partitions.values() for item in one.values()]
        if unseen:
            there = [item for item in there if (item["pk"], item["sk"]) not in unseen]
            there += [item for item in unseen.values() if item is not None]
        found = [item for item in there if item.get(name) == key.hash_value]
        if index is not None:  # an item without the index's sort key is not in the index
            sort = self._indexes[index][1]
            found = [item for item in found if sort in item]
        return found

    def _order(self, index: str | None, key: ObjectKey) -> str:
        if index is not None and index not in self._indexes:
            raise _invalid("Query", f"The table does not have the specified index: {index}")
        schema = ("pk", "sk") if index is None else self._indexes[index]
        if key.hash_name != schema[0] or key.range_name not in {None, schema[1]}:
            missed = schema[0] if key.hash_name != schema[0] else schema[1]
            raise _invalid("Query", f"Query condition missed key schema element: {missed}")
        return schema[1]

    def _permitted(self, before: Item | None, request: Mapping[str, Any], operation: str) -> expressions.Plan:
        """Refuse a write whose condition does not hold."""
        plan = _plan(request, operation)
        wanted = request.get("ConditionExpression")
        if plan.condition is not None:
            names = request.get("ExpressionAttributeNames", _NOTHING)
            permitted = plan.condition(before or _NOTHING, names, request.get("ExpressionAttributeValues", _NOTHING))
        else:
            permitted = wanted is None or holds(wanted, before or _NOTHING, _NOTHING, _NOTHING)
        if not permitted:
            raise refusal(operation, "ConditionalCheckFailedException", "The conditional request failed")
        return plan

    def _write(
        self, key: Key, before: Item | None, after: Item | None, request: Mapping[str, Any], operation: str
    ) -> dict[str, Any]:
        if after is not None:
            self._check_index_keys(after, operation)
        if self.on_write is not None:
            self.on_write(key, before, after)
        pk, sk = key
        if after is not None:
            self._partitions.setdefault(pk, {})[sk] = after
        elif before is not None:
            del self._partitions[pk][sk]
        self._undo.append((key, before))
        answer: dict[str, Any] = {"ResponseMetadata": _OK}
        match request.get("ReturnValues", "NONE"):
            case "NONE":
                pass
            case "ALL_NEW" if operation == "UpdateItem" and after is not None:
                answer["Attributes"] = dict(after)
            case "UPDATED_NEW" if operation == "UpdateItem" and after is not None:
                changed = (path[0] for path in _changed(request))
                answer["Attributes"] = {name: after[name] for name in changed if name in after}
            case "ALL_OLD":
                if before is not None:
                    answer["Attributes"] = dict(before)
            case other:
                raise NotModelledError(f"{operation} has no ReturnValues={other} here")
        return answer

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
    if not whole and len(item) != 2:
        raise _invalid(operation, "The provided key element does not match the schema")
    pk, sk = item.get("pk"), item.get("sk")
    if not (isinstance(pk, str) and isinstance(sk, str)):
        raise _invalid(operation, "The provided key element does not match the schema")
    if not (pk and sk):
        raise _invalid(
            operation,
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string value",
        )
    return pk, sk


def _key_condition(wanted: Any, names: Mapping[str, str], values: Mapping[str, Any]) -> ObjectKey:
    if not isinstance(wanted, str):
        return key_of(wanted)
    key = expressions.key_condition(wanted).key
    assert key is not None
    (hash_name,) = expressions.resolved((key.hash_name,), names)
    range_name = expressions.resolved((key.range_name,), names)[0] if key.range_name else None
    return ObjectKey(
        str(hash_name),
        key.hash_value({}, names, values),
        None if range_name is None else str(range_name),
        lambda item: key.holds(item, names, values),
    )


def _projected(item: Item, request: Mapping[str, Any]) -> Item:
    wanted = request.get("ProjectionExpression")
    if wanted is None:
        return dict(item)
    names = request.get("ExpressionAttributeNames", {})
    found: Item = {}
    for path in expressions.projection(wanted).projection:
        if len(path) > 1:
            raise NotModelledError(f"projections of nested attributes are not known here: {wanted}")
        (name,) = expressions.resolved(path, names)
        if name in item:
            found[str(name)] = item[str(name)]
    return found


def _after(found: list[Item], order: str, start: Mapping[str, Any], *, back: bool) -> list[Item]:
    last = (start[order], start["pk"], start["sk"])
    if back:
        return [item for item in found if (item[order], item["pk"], item["sk"]) < last]
    return [item for item in found if (item[order], item["pk"], item["sk"]) > last]


_NOTHING: dict[str, Any] = {}


def _plan(request: Mapping[str, Any], operation: str) -> expressions.Plan:
    """Parse what there is to parse; refuse names and values that nothing uses or nothing defines, as DynamoDB does."""
    get = request.get
    plan = expressions.plan(
        _text(get("ConditionExpression")),
        get("UpdateExpression"),
        _text(get("KeyConditionExpression")),
        _text(get("FilterExpression")),
        get("ProjectionExpression"),
    )
    names, values = get("ExpressionAttributeNames", _NOTHING), get("ExpressionAttributeValues", _NOTHING)
    if names.keys() != plan.names or values.keys() != plan.values:
        odd = sorted((names.keys() ^ plan.names) | (values.keys() ^ plan.values))
        raise _invalid(operation, f"Attribute names or values are undefined or unused in expressions: {', '.join(odd)}")
    return plan


def _text(expression: Any) -> str | None:
    """Give an expression that is text; boto3's objects bring their own names and values."""
    return expression if isinstance(expression, str) else None


def _changed(request: Mapping[str, Any]) -> Iterator[Any]:
    names = request.get("ExpressionAttributeNames", {})
    for action in expressions.update(request["UpdateExpression"]).update:
        yield expressions.resolved(action.path, names)


def _invalid(operation: str, message: str) -> Exception:
    return refusal(operation, "ValidationException", message)

"""What only the services in memory can do: lag, change order, give pages of any size, refuse what they ignore."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from tests.simulation.services.airflow import Dag
from tests.simulation.services.buckets import Bucket
from tests.simulation.services.errors import NotModelledError
from tests.simulation.services.mwaa import Mwaa
from tests.simulation.services.s3 import S3
from tests.simulation.services.sqs import Queue, Sqs
from tests.simulation.services.stepfunctions import StepFunctions
from tests.simulation.services.table import Table


def noon() -> float:
    return 1_795_348_800.0


def put(table: Table, pk: str, state: str, at: str = "1") -> None:
    table.put_item(Item={"pk": pk, "sk": "drop", "state": state, "updated_at": at})


def in_state(table: Table, state: str) -> list[str]:
    answer = table.query(IndexName="by_state", KeyConditionExpression=Key("state").eq(state))
    return [item["pk"] for item in answer["Items"]]


def test_an_index_that_lags_shows_the_table_as_it_was_so_many_writes_ago() -> None:
    table = Table()
    put(table, "a", "OPEN", "2")
    put(table, "b", "OPEN", "1")
    put(table, "a", "CLOSED", "3")
    table.delete_item(Key={"pk": "b", "sk": "drop"})
    seen = []
    for lag in range(6):
        table.lag = lambda lag=lag: lag  # type: ignore[misc]  # a bound default
        seen.append((in_state(table, "OPEN"), in_state(table, "CLOSED")))
    assert seen == [([], ["a"]), (["b"], ["a"]), (["b", "a"], []), (["a"], []), ([], []), ([], [])]


def test_consistent_reads_never_lag_and_others_may() -> None:
    table = Table(lag=lambda: 1)
    put(table, "a", "OPEN")
    key = {"pk": "a", "sk": "drop"}
    assert "Item" in table.get_item(Key=key, ConsistentRead=True)
    assert "Item" not in table.get_item(Key=key)
    request: dict[str, Any] = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "a"}}
    assert table.query(**request, ConsistentRead=True)["Count"] == 1
    assert table.query(**request)["Count"] == 0
    wanted = {"ledger": {"Keys": [key], "ConsistentRead": True}}
    assert table.meta.client.batch_get_item(RequestItems=wanted)["Responses"]["ledger"]


def test_a_batch_may_leave_keys_for_another_call() -> None:
    table = Table()
    table.batch_items = 2
    for pk in "abc":
        put(table, pk, "OPEN")
    wanted: Any = {"ledger": {"Keys": [{"pk": pk, "sk": "drop"} for pk in "abc"], "ConsistentRead": True}}
    first = table.meta.client.batch_get_item(RequestItems=wanted)
    assert len(first["Responses"]["ledger"]) == 2
    second = table.meta.client.batch_get_item(RequestItems=first["UnprocessedKeys"])
    assert [item["pk"] for item in second["Responses"]["ledger"]] == ["c"]
    assert second["UnprocessedKeys"] == {}


def test_every_write_is_told_before_it_is_done() -> None:
    told: list[Any] = []
    table = Table(on_write=lambda key, before, after: told.append((key, before and before["state"], bool(after))))
    put(table, "a", "OPEN")
    put(table, "a", "CLOSED")
    table.delete_item(Key={"pk": "a", "sk": "drop"})
    key = ("a", "drop")
    assert told == [(key, None, True), (key, "OPEN", True), (key, "CLOSED", False)]


def test_an_answer_changes_nothing_in_the_table() -> None:
    table = Table()
    table.put_item(Item={"pk": "a", "sk": "drop", "history": [{"to": "A"}]})
    item = table.get_item(Key={"pk": "a", "sk": "drop"})["Item"]
    item["history"] = []
    again = table.get_item(Key={"pk": "a", "sk": "drop"})["Item"]
    assert again["history"] == [{"to": "A"}]
    with pytest.raises(NotModelledError):
        again["history"].append(1)
    with pytest.raises(NotModelledError):
        again["history"][0].update(to="B")


@pytest.mark.parametrize(
    "request_",
    [
        {"UpdateExpression": "DELETE members :v"},
        {"UpdateExpression": "SET one = :v", "ConditionExpression": "attribute_type(one, :v)"},
        {"UpdateExpression": "SET one = :v", "ReturnValuesOnConditionCheckFailure": "ALL_NEW"},
        {"UpdateExpression": "SET one = :v", "ReturnValues": "UPDATED_OLD"},
    ],
)
def test_what_is_not_modelled_is_refused_by_an_error_that_is_none_of_aws(request_: dict[str, Any]) -> None:
    with pytest.raises(NotModelledError):
        Table().update_item(Key={"pk": "a", "sk": "drop"}, ExpressionAttributeValues={":v": "S"}, **request_)


def test_a_queue_gives_whichever_message_is_chosen() -> None:
    sqs = Sqs(noon, choose=lambda count: count - 1)
    url = sqs.add(Queue("queue")).url
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"{number}")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["2", "1", "0"]


def test_a_message_expires_also_when_it_was_buried_meanwhile() -> None:
    now = [noon()]
    sqs = Sqs(lambda: now[0])
    dead = sqs.add(Queue("dead", retention=100))
    queue = sqs.add(Queue("queue", visibility=60, dead_letters=dead, max_receives=1))
    sqs.send_message(QueueUrl=queue.url, MessageBody="x")
    sqs.receive_message(QueueUrl=queue.url)
    assert queue.next_visible() == noon() + 60
    now[0] += 60
    assert "Messages" not in sqs.receive_message(QueueUrl=queue.url)
    assert (len(queue.messages), len(dead.messages)) == (0, 1)
    now[0] += 40  # a hundred since it was sent
    assert "Messages" not in sqs.receive_message(QueueUrl=dead.url)
    assert not dead.messages


def test_a_queue_says_when_it_has_something_whatever_was_hidden_or_deleted_meanwhile() -> None:
    now = [noon()]
    sqs = Sqs(lambda: now[0])
    queue = sqs.add(Queue("queue", visibility=60, retention=1_000))
    for delay in (0, 5, 20):
        sqs.send_message(QueueUrl=queue.url, MessageBody=f"{delay}", DelaySeconds=delay)
    assert queue.next_visible() == noon()
    [first] = sqs.receive_message(QueueUrl=queue.url)["Messages"]
    assert queue.next_visible() == noon() + 5
    now[0] += 5
    [second] = sqs.receive_message(QueueUrl=queue.url)["Messages"]
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=second["ReceiptHandle"])
    assert queue.next_visible() == noon() + 20
    sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=1)
    assert queue.next_visible() == noon() + 6
    now[0] += 995
    assert "Messages" not in sqs.receive_message(QueueUrl=queue.url)
    assert queue.next_visible() is None


def test_lists_of_any_page_size_are_paged_through() -> None:
    s3 = S3(noon)
    s3.add(Bucket("raw"))
    for key in "abc":
        s3.put_object(Bucket="raw", Key=key, Body=b"")
    s3.page_keys = 2
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="raw")
    assert [[one["Key"] for one in page["Versions"]] for page in pages] == [["a", "b"], ["c"]]


def test_runs_of_a_paused_dag_start_when_it_is_unpaused_and_failed_ones_when_they_are_cleared() -> None:
    mwaa = Mwaa(noon)
    dag = mwaa.add(Dag("etl", is_paused=True))
    started: list[str] = []
    mwaa.on_run = lambda run: started.append(run.run_id)
    body: dict[str, Any] = {"dag_run_id": "a.1", "logical_date": None, "conf": {}}
    mwaa.invoke_rest_api(Name="airflow", Method="POST", Path="/dags/etl/dagRuns", Body=body)
    assert started == []
    mwaa.unpause(dag.dag_id)
    run = mwaa.runs["etl", "a.1"]
    assert (started, run.state) == (["a.1"], "running")
    mwaa.end(run, "failed")
    mwaa.clear("etl", "a.1")
    assert (started, run.state, run.starts) == (["a.1", "a.1"], "running", 2)


def test_a_task_token_is_answered_once() -> None:
    sfn = StepFunctions(noon)
    answered: list[str] = []
    token, closed = sfn.new_token(lambda: answered.append("yes")), sfn.new_token(lambda: answered.append("no"))
    sfn.close(closed)
    sfn.send_task_success(taskToken=token, output="{}")
    for spent in (token, closed):
        with pytest.raises(ClientError) as raised:
            sfn.send_task_failure(taskToken=spent, error="RunFailed", cause="late")
        assert raised.value.response["Error"]["Code"] == "TaskTimedOut"
    assert answered == ["yes"]
    assert sfn.answers.keys() == {token}
    with pytest.raises(ClientError, match="InvalidToken"):
        sfn.send_task_success(taskToken="nobody's", output="{}")

"""What each role and each policy of the stack must be refused: `{RawBucket}` and such are the stack's outputs."""

from __future__ import annotations

from typing import Any, Final

RAW: Final = {"Bucket": "{RawBucket}", "Key": "sales/2026-11-20/sales_data.csv"}
ACCEPTED: Final = {"Bucket": "{LakeBucket}", "Key": "accepted/sales/x/data.csv"}
PROCESSED: Final = {"Bucket": "{LakeBucket}", "Key": "processed/sales/x/part.parquet"}
REPORT: Final = {"Bucket": "{ReportsBucket}", "Key": "sales/x/report.json"}
ITEM: Final = {"TableName": "{LedgerTable}", "Key": {"pk": {"S": "drop#x"}, "sk": {"S": "drop"}}}
PUT_ITEM: Final = {"TableName": "{LedgerTable}", "Item": {"pk": {"S": "drop#x"}, "sk": {"S": "drop"}}}
FORGED: Final = {
    "Entries": [
        {"EventBusName": "{EventBusName}", "Source": "suimon.dag", "DetailType": "Run Finished", "Detail": "{}"}
    ]
}
SENT: Final = {"QueueUrl": "{IntakeQueueUrl}", "MessageBody": "{}"}
TOLD: Final = {"TopicArn": "{AlertsTopicArn}", "Message": "x"}
REPLAYED: Final = {"stateMachineArn": "{ReplayStateMachineArn}", "input": "{}"}
CALLED: Final = {"FunctionName": "{IntakeFunctionName}", "Payload": b"{}"}
OUTCOME: Final = {"FunctionName": "{OutcomeFunctionName}", "Payload": b"{}"}
PLANNER: Final = {"FunctionName": "{ReplayFunctionName}", "Payload": b"{}"}
ROUND: Final = {"FunctionName": "{FreshnessFunctionName}", "Payload": b"{}"}
PLAN: Final = {"Bucket": "{ReportsBucket}", "Key": "replays/x/items.json"}
STATUS: Final = {"Bucket": "{ReportsBucket}", "Key": "status/index.en.html"}
SOURCES: Final = {"Bucket": "{ReportsBucket}", "Key": "freshness/sources.json"}
UNDELIVERABLE: Final = {"Bucket": "{ReportsBucket}", "Key": "undeliverable/x"}
DEAD: Final = {"QueueUrl": "{IntakeDeadLetterQueueUrl}"}
UPDATED: Final = {**ITEM, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
ADMIN: Final = {"RoleName": "x", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}

# Of the folders of the reports bucket each has one writer.
WRITES_NOT: Final = (
    ("OutcomeRole", PLAN, STATUS, SOURCES),
    ("FreshnessRole", PLAN),
    ("ReplayPlanRole", REPORT, STATUS, SOURCES),
    ("GlueRole", REPORT, PLAN, STATUS, SOURCES),
    ("DagPolicy", REPORT, PLAN, STATUS, SOURCES),
    ("UpstreamPolicy", REPORT, PLAN, STATUS, SOURCES),
    ("OperatorPolicy", REPORT, PLAN, STATUS, SOURCES),
    ("ViewerPolicy", PLAN, STATUS, SOURCES),
)

# Who; service and method; what with.
REFUSED: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("IntakeRole", "s3", "put_object", {**RAW, "Body": b"x"}),  # a loop
    ("IntakeRole", "s3", "delete_object", RAW),
    ("IntakeRole", "s3", "get_object", ACCEPTED),
    ("IntakeRole", "s3", "delete_object", ACCEPTED),
    ("IntakeRole", "s3", "put_object", {**PROCESSED, "Body": b"x"}),
    ("IntakeRole", "s3", "put_object", {**PLAN, "Body": b"[]"}),
    ("IntakeRole", "s3", "put_object", {**STATUS, "Body": b"x"}),
    ("IntakeRole", "s3", "put_object", {**SOURCES, "Body": b"{}"}),
    # Nor by another way to make an object.
    ("IntakeRole", "s3", "copy_object", {**STATUS, "CopySource": {"Bucket": "{RawBucket}", "Key": "x"}}),
    ("IntakeRole", "s3", "create_multipart_upload", PLAN),
    ("IntakeRole", "s3", "put_object_acl", {**SOURCES, "ACL": "public-read"}),
    ("IntakeRole", "s3", "put_object_tagging", {**SOURCES, "Tagging": {"TagSet": []}}),
    ("IntakeRole", "s3", "get_object", PLAN),
    ("IntakeRole", "s3", "delete_object", STATUS),
    ("IntakeRole", "s3", "delete_object", PLAN),
    ("IntakeRole", "s3", "put_bucket_policy", {"Bucket": "{ReportsBucket}", "Policy": "{}"}),
    ("IntakeRole", "dynamodb", "delete_item", ITEM),
    ("IntakeRole", "dynamodb", "scan", {"TableName": "{LedgerTable}"}),
    ("IntakeRole", "events", "put_events", FORGED),
    ("IntakeRole", "stepfunctions", "start_execution", REPLAYED),
    ("IntakeRole", "iam", "attach_role_policy", ADMIN),
    ("OutcomeRole", "s3", "get_object", RAW),
    ("OutcomeRole", "s3", "put_object", {**REPORT, "Body": b"x"}),
    *((who, "s3", "put_object", {**place, "Body": b"x"}) for who, *places in WRITES_NOT for place in places),
    ("OutcomeRole", "dynamodb", "delete_item", ITEM),
    ("OutcomeRole", "events", "put_events", FORGED),
    ("OutcomeRole", "sqs", "send_message", SENT),
    ("OutcomeRole", "lambda", "invoke", CALLED),
    ("FreshnessRole", "s3", "get_object", RAW),
    ("FreshnessRole", "s3", "put_object", {**RAW, "Body": b"x"}),
    ("FreshnessRole", "s3", "get_object", ACCEPTED),
    ("FreshnessRole", "s3", "put_object", {**REPORT, "Body": b"x"}),
    ("FreshnessRole", "dynamodb", "delete_item", ITEM),
    ("FreshnessRole", "events", "put_events", FORGED),
    ("FreshnessRole", "lambda", "invoke", CALLED),
    ("ReplayPlanRole", "s3", "get_object", RAW),
    ("ReplayPlanRole", "stepfunctions", "start_execution", REPLAYED),
    ("GlueRole", "s3", "get_object", RAW),
    ("GlueRole", "s3", "put_object", {**ACCEPTED, "Body": b"x"}),
    ("GlueRole", "s3", "delete_object", ACCEPTED),
    ("GlueRole", "s3", "get_object", REPORT),
    ("GlueRole", "dynamodb", "get_item", ITEM),
    ("CopyRole", "s3", "get_object", ACCEPTED),
    ("CopyRole", "s3", "put_object", {**PROCESSED, "Body": b"x"}),
    ("CopyRole", "s3", "get_object", RAW),
    ("DagPolicy", "s3", "get_object", ACCEPTED),
    ("DagPolicy", "s3", "put_object", {**PROCESSED, "Body": b"x"}),
    ("DagPolicy", "dynamodb", "put_item", PUT_ITEM),
    ("DagPolicy", "lambda", "invoke", CALLED),
    ("UpstreamPolicy", "s3", "get_object", RAW),
    ("UpstreamPolicy", "s3", "delete_object", RAW),
    ("UpstreamPolicy", "s3", "list_objects_v2", {"Bucket": "{RawBucket}"}),
    ("UpstreamPolicy", "s3", "put_object", {**ACCEPTED, "Body": b"x"}),
    ("UpstreamPolicy", "sqs", "send_message", SENT),
    ("OperatorPolicy", "s3", "get_object", RAW),
    ("OperatorPolicy", "s3", "get_object", ACCEPTED),
    ("OperatorPolicy", "s3", "put_object", {**RAW, "Body": b"x"}),
    ("OperatorPolicy", "dynamodb", "put_item", PUT_ITEM),
    ("OperatorPolicy", "dynamodb", "delete_item", ITEM),
    ("OperatorPolicy", "sns", "publish", TOLD),
    ("OperatorPolicy", "events", "put_events", FORGED),
    ("OperatorPolicy", "lambda", "invoke", CALLED),
    ("OperatorPolicy", "sqs", "send_message", SENT),
    *(
        ("ViewerPolicy", *call)
        for call in (
            ("s3", "get_object", RAW),
            ("s3", "get_object", ACCEPTED),
            ("s3", "get_object", PROCESSED),
            ("s3", "put_object", {**RAW, "Body": b"x"}),
            ("s3", "put_object", {**REPORT, "Body": b"x"}),
            ("s3", "delete_object", UNDELIVERABLE),
            ("s3", "list_objects_v2", {"Bucket": "{LakeBucket}"}),
            ("dynamodb", "put_item", PUT_ITEM),
            ("dynamodb", "update_item", UPDATED),
            ("dynamodb", "delete_item", ITEM),
            ("dynamodb", "scan", {"TableName": "{LedgerTable}"}),
            ("stepfunctions", "start_execution", REPLAYED),
            ("sns", "publish", TOLD),
            ("sqs", "send_message", SENT),
            ("sqs", "receive_message", DEAD),
            ("events", "put_events", FORGED),
            ("iam", "attach_role_policy", ADMIN),
        )
    ),
    *(
        ("ReplayRole", *call)
        for call in (
            ("s3", "get_object", RAW),
            ("s3", "get_object", ACCEPTED),
            ("s3", "get_object", REPORT),
            ("s3", "put_object", {**PLAN, "Body": b"x"}),
            ("s3", "delete_object", PLAN),
            ("dynamodb", "get_item", ITEM),
            ("dynamodb", "put_item", PUT_ITEM),
            ("lambda", "invoke", OUTCOME),
            ("lambda", "invoke", ROUND),
            ("sns", "publish", TOLD),
            ("sqs", "send_message", SENT),
            ("events", "put_events", FORGED),
            ("iam", "attach_role_policy", ADMIN),
        )
    ),
    *(
        ("ScheduleRole", *call)
        for call in (
            ("lambda", "invoke", CALLED),
            ("lambda", "invoke", OUTCOME),
            ("lambda", "invoke", PLANNER),
            ("s3", "get_object", RAW),
            ("s3", "put_object", {**RAW, "Body": b"x"}),
            ("dynamodb", "get_item", ITEM),
            ("dynamodb", "put_item", PUT_ITEM),
            ("stepfunctions", "start_execution", REPLAYED),
            ("sns", "publish", TOLD),
            ("sqs", "send_message", SENT),
            ("sqs", "receive_message", DEAD),
            ("events", "put_events", FORGED),
            ("iam", "attach_role_policy", ADMIN),
        )
    ),
)


def filled(value: Any, outputs: dict[str, str]) -> Any:
    """Return the arguments of a call with the stack's outputs in their places."""
    if isinstance(value, dict):
        return {name: filled(inner, outputs) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, outputs) for inner in value]
    if isinstance(value, str) and value.startswith("{") and len(value) > len("{}"):
        return outputs[value.strip("{}")]
    return value

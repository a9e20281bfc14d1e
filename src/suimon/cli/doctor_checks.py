"""What `suimon doctor` finds of a stack's parts at AWS: each check is one question, and says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Beyond this, leases, deadlines and holds end at other times than people expect.
SKEW_SECONDS = 60
DONE = "Successful"  # the state of a function's last update
UNNAMED = "unnamed"  # the release of what was deployed by hand
OUTPUTS = (
    *("RawBucket", "LakeBucket", "ReportsBucket", "LedgerTable", "IntakeQueueUrl", "IntakeDeadLetterQueueUrl"),
    *("AlertsTopicArn", "ReplayStateMachineArn", "IntakeFunctionName", "OutcomeFunctionName"),
    *("FreshnessFunctionName", "QuestionsAliasArn", "ReplayFunctionName", "GlueJobName"),
)
FUNCTIONS = ("IntakeFunctionName", "OutcomeFunctionName", "FreshnessFunctionName", "ReplayFunctionName")


@dataclass(frozen=True)
class Finding:
    """What a check has found. `do`: what to do about it; empty if it is as it should be."""

    check: str
    text: str
    do: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return not self.do


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its name, its status at CloudFormation, its outputs, and when AWS answered by its own clock."""

    name: str
    status: str
    outputs: Mapping[str, str]
    answered_at: str = ""

    @property
    def release(self) -> str:
        """The release that was deployed: functions, Glue job and DAGs must be of this one."""
        return self.outputs.get("Release") or UNNAMED


def outputs(stack: Stack) -> Iterator[Finding]:
    """Check that the stack was deployed to its end, by this release."""
    missing = [name for name in OUTPUTS if not stack.outputs.get(name)]
    if missing:
        deploy = "deploy this release: make build, then sam deploy"
        yield Finding("stack outputs", f"missing: {', '.join(missing)}", deploy)
    elif not stack.status.endswith("_COMPLETE") or "ROLLBACK" in stack.status:
        events = f"see why: aws cloudformation describe-stack-events --stack-name {stack.name}"
        yield Finding("stack outputs", f"all there, but the stack is {stack.status}", events)
    else:
        yield Finding("stack outputs", f"all there; the stack is {stack.status}")


def clock(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with AWS's."""
    if not stack.answered_at:
        yield Finding("clock", "AWS did not say what time it is", "nothing, if `date -u` is right")
        return
    skew = abs((now.astimezone(UTC) - parsedate_to_datetime(stack.answered_at)).total_seconds())
    set_it = (
        "" if skew <= SKEW_SECONDS else "set this machine's clock (NTP): AWS refuses requests that are 5 minutes off"
    )
    yield Finding("clock", f"{skew:.0f} s from that of AWS", set_it)


def raw_bucket(s3: Any, bucket: str) -> Iterator[Finding]:
    """Check that the bucket tells EventBridge of new objects, and keeps their versions."""
    told = "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    on = "turn on \"Send notifications to Amazon EventBridge\" in the bucket's properties: no file's event comes"
    yield Finding("bucket's events", f"{bucket} {'tells' if told else 'does not tell'} EventBridge", "" if told else on)
    status = s3.get_bucket_versioning(Bucket=bucket).get("Status", "never turned on")
    versions = "" if status == "Enabled" else "turn versioning on: a verdict belongs to a version"
    yield Finding("bucket's versions", f"versioning is {status}", versions)


def rule(events: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the rule is on, matches an event of the bucket, and leads to the intake queue."""
    name, bucket = f"{stack.name}-object-created", stack.outputs["RawBucket"]
    found = events.describe_rule(Name=name)
    sample = {
        "id": "1",
        "account": "123456789012",
        "time": "2026-11-20T00:00:00Z",
        "region": "ap-northeast-1",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {"bucket": {"name": bucket}, "object": {"key": "sales/2026-11-20/sales.csv"}},
    }
    enable = "" if found["State"] == "ENABLED" else f"aws events enable-rule --name {name}"
    yield Finding("rule", f"{name} is {found['State']}", enable)
    matches = events.test_event_pattern(EventPattern=found["EventPattern"], Event=json.dumps(sample))["Result"]
    again = f"deploy the stack again: the pattern of {name} was changed"
    yield Finding(
        "rule's pattern", f"{'matches' if matches else 'misses'} a file of {bucket}", "" if matches else again
    )
    targets = [target["Arn"].rsplit(":", 1)[-1] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
    leads = _queue_name(stack) in targets
    target = "" if leads else f"deploy the stack again: the target of {name} was changed"
    yield Finding("rule's target", f"{'is' if leads else 'is not'} the intake queue", target)


def queue_policy(sqs: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the queue lets the rule send."""
    url = stack.outputs["IntakeQueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    statements = json.loads(found.get("Policy", "{}")).get("Statement", [])
    allowed = any(
        _lets(one, "events.amazonaws.com", "sqs:sendmessage", f"rule/{stack.name}-object-created") for one in statements
    )
    again = "deploy the stack again: EventBridge may not send to the intake queue, and its events are lost"
    yield Finding("queue's policy", f"{'lets' if allowed else 'does not let'} the rule send", "" if allowed else again)


def topic_policy(sns: Any, stack: Stack) -> Iterator[Finding]:
    """Check that alarms may publish to the topic, which may be one that somebody else made."""
    attributes = sns.get_topic_attributes(TopicArn=stack.outputs["AlertsTopicArn"])["Attributes"]
    statements = json.loads(attributes.get("Policy") or "{}").get("Statement", [])
    allowed = any(
        _lets(one, "cloudwatch.amazonaws.com", "sns:publish", ":alarm:") or _lets_own_account(one) for one in statements
    )
    let_them = "add what docs/own-parts.md says to the topic's policy: alarms ring, and nobody hears them"
    text = f"{'lets' if allowed else 'does not let'} the stack's alarms publish"
    yield Finding("topic's policy", text, "" if allowed else let_them)


def _lets(statement: Mapping[str, Any], service: str, action: str, source: str) -> bool:
    principal = statement.get("Principal", {})
    named = principal.get("Service", []) if isinstance(principal, dict) else []
    condition = json.dumps(statement.get("Condition", {}))
    return (
        statement.get("Effect") == "Allow"
        and service in _listed(named)
        and _does(statement, action)
        and ("aws:SourceArn" not in condition or source in condition)
    )


def _lets_own_account(statement: Mapping[str, Any]) -> bool:
    """Return whether it is what SNS writes by itself: whatever belongs to the topic's account may publish."""
    mine = "sourceowner" in json.dumps(statement.get("Condition", {})).lower()
    return statement.get("Effect") == "Allow" and mine and _does(statement, "sns:publish")


def _does(statement: Mapping[str, Any], action: str) -> bool:
    every = f"{action.partition(':')[0]}:*"
    return any(one.lower() in {action, every} for one in _listed(statement.get("Action", [])))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def mapping(functions: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the intake function is fed from its queue."""
    name = stack.outputs["IntakeFunctionName"]
    found = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    states = [one["State"] for one in found if one["EventSourceArn"].endswith(f":{_queue_name(stack)}")]
    on, enable = states == ["Enabled"], "deploy the stack again: nothing feeds the function"
    if states:
        enable = f"aws lambda update-event-source-mapping --enabled --uuid {found[0]['UUID']}"
    yield Finding("event source", f"of {name}: {', '.join(states) or 'none'}", "" if on else enable)


def dead_letters(sqs: Any, stack: Stack) -> Iterator[Finding]:
    """Check that nothing lies in the dead-letter queues; the sweep takes it up every 15 minutes."""
    intake = stack.outputs["IntakeDeadLetterQueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for url in (intake, f"{intake.rpartition('/')[0]}/{stack.name}-undelivered"):
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        left = sum(int(counts[name]) for name in names)
        look = f"wait for the sweep's next round; if it lasts: suimon reconcile --stack {stack.name}" if left else ""
        yield Finding("dead letters", f"{left:,} messages in {url.rpartition('/')[2]}", look)


def subscriptions(sns: Any, topic: str) -> Iterator[Finding]:
    """Check that somebody gets the alerts, and that not everybody who sees an e-mail can end that."""
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [one["SubscriptionArn"] for one in found if one["SubscriptionArn"].startswith("arn:")]
    waiting = len(found) - len(confirmed)
    open_it = 'open the link in the e-mail "AWS Notification - Subscription Confirmation"'
    text = f"{len(confirmed)} confirmed, {waiting} not"
    yield Finding("subscriptions", text, "" if confirmed and not waiting else open_it)
    loose = [arn for arn in confirmed if _is_loose(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])]
    again = "subscribe again, and confirm with: aws sns confirm-subscription --authenticate-on-unsubscribe true"
    kept = f"{len(loose)} of {len(confirmed)} can be ended by anybody who has the link, a mail scanner too"
    yield Finding("unsubscribing", kept, again if loose else "")


def _is_loose(attributes: Mapping[str, str]) -> bool:
    return attributes.get("ConfirmationWasAuthenticated", "false") != "true"


def releases(functions: Any, stack: Stack) -> Iterator[Finding]:
    """Check that all functions are of one runtime and of the stack's release, and that none is still being updated.

    The contracts are part of each function: they are of its release.
    """
    configurations = [functions.get_function_configuration(FunctionName=stack.outputs[name]) for name in FUNCTIONS]
    failed = [one["FunctionName"] for one in configurations if one.get("LastUpdateStatus", DONE) != DONE]
    packages = {one["Runtime"] for one in configurations}
    text = f"{len(configurations)} functions on {', '.join(sorted(packages))}"
    if failed:
        text += f"; not updated: {', '.join(failed)}"
    yield Finding("functions", text, "deploy the stack again" if failed or len(packages) > 1 else "")
    of = {one["FunctionName"]: _variable(one, "SUIMON_RELEASE") or UNNAMED for one in configurations}
    others = [f"{name} is of {release}" for name, release in of.items() if release != stack.release]
    again = "deploy the stack again: functions of two releases work on the same files" if others else ""
    yield Finding("functions' release", "; ".join(others) or stack.release, again)


def _variable(configuration: Mapping[str, Any], name: str) -> str:
    return str(configuration.get("Environment", {}).get("Variables", {}).get(name, ""))


def glue_job(glue: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the Glue job is of the stack's release."""
    found = glue.get_job(JobName=stack.outputs["GlueJobName"])["Job"]
    release = found.get("DefaultArguments", {}).get("--deployed_release", UNNAMED)
    again = "" if release == stack.release else f"deploy the stack again: the gate is of {stack.release}"
    yield Finding("Glue job's release", release, again)


def _queue_name(stack: Stack) -> str:
    return stack.outputs["IntakeQueueUrl"].rsplit("/", 1)[-1]


def airflow(found: Mapping[str, Any], release: str) -> Iterator[Finding]:
    """Check what the freshness function has asked Airflow for (mwaa/check_up.py). release: the stack's."""
    version = found["version"]
    known = isinstance(version, str)
    fits = known and version.startswith("3.")
    text = f"{version}" if known else f"not known: {version.get('error', 'the environment names none')}"
    upgrade = "" if fits else "Suimon's DAGs are for Airflow 3; see that the environment answers, and its version"
    yield Finding("Airflow's version", text, upgrade)
    for dag_id, dag in found["dags"].items():
        yield Finding(f"DAG {dag_id}", *_dag(dag_id, dag, release))
    denied = sorted(set(found["denied"]))
    rights = "give the gate the rights of docs/airflow-role.md; the e-mail of that incident says which request failed"
    text = f"refused: {', '.join(denied)}" if denied else "no request of the gate is refused"
    yield Finding("gate's rights", text, rights if denied else "")


def _dag(dag_id: str, dag: Mapping[str, Any], release: str) -> tuple[str, str]:
    others = dag.get("release") not in (None, release)  # a DAG of one's own may have none
    parsed: tuple[tuple[bool, str, str], ...] = (
        ("error" in dag, str(dag.get("error")), f"copy dags/ into the environment's DAG folder; {dag_id} is not there"),
        (bool(dag.get("has_import_errors")), "does not parse", "see the import errors on Airflow's first page"),
        (bool(dag.get("is_stale")), "is stale: its file is gone", "copy dags/ into the environment's DAG folder"),
        (bool(dag.get("is_paused")), "is paused: runs are taken and never start", "unpause it in Airflow"),
        (others, f"is of release {dag.get('release')}", f"copy dags/ of release {release}, the gate's: it is refused"),
    )
    return next(((text, do) for wrong, text, do in parsed if wrong), ("is there, parsed, and not paused", ""))

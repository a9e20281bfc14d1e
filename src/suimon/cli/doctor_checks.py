"""What `suimon doctor` finds of a stack's parts at AWS: each check is one question, and says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from suimon.drops.wording import Bilingual
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Beyond this, leases, deadlines and holds end at other times than people expect.
SKEW_SECONDS = 60
DONE = "Successful"  # the state of a function's last update
UNNAMED = "unnamed"  # the release of what was deployed by hand
OUTPUTS = (
    *("RawBucket", "LakeBucket", "ReportsBucket", "LedgerTable", "IntakeQueueUrl", "IntakeDeadLetterQueueUrl"),
    *("AlertsTopicArn", "WatchTopicArn", "ReplayStateMachineArn", "IntakeFunctionName", "OutcomeFunctionName"),
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
        names = ", ".join(missing)
        deploy = Bilingual(
            "deploy this release: make build, then sam deploy",
            "このリリースをデプロイしてください: make build, sam deploy",
        )
        yield Finding("stack outputs", Bilingual(f"missing: {names}", f"不足: {names}"), deploy)
    elif not stack.status.endswith("_COMPLETE") or "ROLLBACK" in stack.status:
        look = f"aws cloudformation describe-stack-events --stack-name {stack.name}"
        but = Bilingual(
            f"all there, but the stack is {stack.status}", f"揃っていますが、スタックは {stack.status} です"
        )
        yield Finding("stack outputs", but, Bilingual(f"see why: {look}", f"原因の確認: {look}"))
    else:
        fine = Bilingual(f"all there; the stack is {stack.status}", f"揃っています。スタックは {stack.status} です")
        yield Finding("stack outputs", fine)


def clock(stack: Stack, now: datetime) -> Iterator[Finding]:
    """Compare this machine's clock with AWS's."""
    if not stack.answered_at:
        silent = Bilingual("AWS did not say what time it is", "AWS から時刻が得られませんでした")
        yield Finding("clock", silent, Bilingual("nothing, if `date -u` is right", "`date -u` が正しければ不要です"))
        return
    skew = abs((now.astimezone(UTC) - parsedate_to_datetime(stack.answered_at)).total_seconds())
    set_it = Bilingual(
        "set this machine's clock (NTP): AWS refuses requests that are 5 minutes off",
        "この端末の時計を合わせてください (NTP): 5 分ずれた要求は AWS に拒否されます",
    )
    text = Bilingual(f"{skew:.0f} s from that of AWS", f"AWS との差は {skew:.0f} 秒")
    yield Finding("clock", text, "" if skew <= SKEW_SECONDS else set_it)


def own_bucket(stack: Stack) -> Iterator[Finding]:
    """Report a bucket that was brought along and is one that the stack made: senders may write whatever lies in it."""
    raw = stack.outputs["RawBucket"]
    if raw in {stack.outputs["LakeBucket"], stack.outputs["ReportsBucket"]}:
        another = Bilingual(
            "deploy with another OwnRawBucket: whoever may send files may write copies and reports of others",
            "OwnRawBucket を変更してデプロイしてください: 送信元がほかのファイルのコピーやレポートを書き換えられます",
        )
        text = Bilingual(f"{raw} is the stack's own, for copies or reports", f"{raw} はスタック自身のバケットです")
        yield Finding("raw bucket", text, another)


def raw_bucket(s3: Any, bucket: str) -> Iterator[Finding]:
    """Check that the bucket tells EventBridge of new objects, and keeps their versions."""
    told = "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    on = Bilingual(
        "turn on \"Send notifications to Amazon EventBridge\" in the bucket's properties: no file's event comes",
        "バケットのプロパティで「Amazon EventBridge に通知を送信」を有効にしてください: イベントが届きません",
    )
    text = Bilingual(
        f"{bucket} {'tells' if told else 'does not tell'} EventBridge",
        f"{bucket} は EventBridge に通知{'しています' if told else 'していません'}",
    )
    yield Finding("bucket's events", text, "" if told else on)
    status = s3.get_bucket_versioning(Bucket=bucket).get("Status", "never turned on")
    versions = Bilingual(
        "turn versioning on: a verdict belongs to a version",
        "バージョニングを有効にしてください: 検査結果はバージョンごとに記録されます",
    )
    said = Bilingual(f"versioning is {status}", f"バージョニングは {status} です")
    yield Finding("bucket's versions", said, "" if status == "Enabled" else versions)


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
    yield Finding("rule", Bilingual(f"{name} is {found['State']}", f"{name} は {found['State']} です"), enable)
    matches = events.test_event_pattern(EventPattern=found["EventPattern"], Event=json.dumps(sample))["Result"]
    again = _deploy_again(f"the pattern of {name} was changed", f"{name} のパターンが変更されています")
    text = Bilingual(
        f"{'matches' if matches else 'misses'} a file of {bucket}",
        f"{bucket} のファイルに一致{'します' if matches else 'しません'}",
    )
    yield Finding("rule's pattern", text, "" if matches else again)
    targets = [target["Arn"].rsplit(":", 1)[-1] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
    leads = _queue_name(stack) in targets
    target = _deploy_again(f"the target of {name} was changed", f"{name} のターゲットが変更されています")
    said = Bilingual(
        f"{'is' if leads else 'is not'} the intake queue", f"受付キュー{'です' if leads else 'ではありません'}"
    )
    yield Finding("rule's target", said, "" if leads else target)


def queue_policy(sqs: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the queue lets the rule send."""
    url = stack.outputs["IntakeQueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    statements = json.loads(found.get("Policy", "{}")).get("Statement", [])
    allowed = any(
        _lets(one, "events.amazonaws.com", "sqs:sendmessage", f"rule/{stack.name}-object-created") for one in statements
    )
    again = _deploy_again(
        "EventBridge may not send to the intake queue, and its events are lost",
        "EventBridge が受付キューに送信できず、イベントが失われます",
    )
    text = Bilingual(
        f"{'lets' if allowed else 'does not let'} the rule send",
        f"ルールの送信を許可{'しています' if allowed else 'していません'}",
    )
    yield Finding("queue's policy", text, "" if allowed else again)


def topic_policy(sns: Any, stack: Stack) -> Iterator[Finding]:
    """Check that alarms may publish to the topic, which may be one that somebody else made."""
    attributes = sns.get_topic_attributes(TopicArn=stack.outputs["AlertsTopicArn"])["Attributes"]
    statements = json.loads(attributes.get("Policy") or "{}").get("Statement", [])
    allowed = any(
        _lets(one, "cloudwatch.amazonaws.com", "sns:publish", ":alarm:") or _lets_own_account(one) for one in statements
    )
    let_them = Bilingual(
        "add what docs/own-parts.md says to the topic's policy: alarms ring, and nobody hears them",
        "docs/own-parts.md の内容をトピックのポリシーに追加してください: アラームが誰にも届きません",
    )
    text = Bilingual(
        f"{'lets' if allowed else 'does not let'} the stack's alarms publish",
        f"スタックのアラームの発行を許可{'しています' if allowed else 'していません'}",
    )
    yield Finding("topic's policy", text, "" if allowed else let_them)
    if any(_lets_anybody(one) for one in statements):
        close = Bilingual(
            "name who may in the topic's policy: alerts hold cells of files, and what others publish looks like one",
            "トピックのポリシーで許可先を限定してください: 通知にはファイルの値が含まれ、偽の通知も発行できます",
        )
        told = Bilingual("lets anybody subscribe or publish", "誰でも購読または発行できます")
        yield Finding("topic's policy", told, close)


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


def _lets_anybody(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement lets the whole world subscribe or publish, on no condition but that of TLS."""
    principal = statement.get("Principal", {})
    everybody = "*" in _listed(principal.get("AWS", []) if isinstance(principal, dict) else principal)
    conditions = [name.lower() for test in statement.get("Condition", {}).values() for name in test]
    return (
        statement.get("Effect") == "Allow"
        and everybody
        and set(conditions) <= {"aws:securetransport"}
        and ("NotAction" in statement or any(_does(statement, f"sns:{one}") for one in ("subscribe", "publish")))
    )


def _lets_own_account(statement: Mapping[str, Any]) -> bool:
    """Return whether it is what SNS writes by itself: whatever belongs to the topic's account may publish."""
    mine = "sourceowner" in json.dumps(statement.get("Condition", {})).lower()
    return statement.get("Effect") == "Allow" and mine and _does(statement, "sns:publish")


def _does(statement: Mapping[str, Any], action: str) -> bool:
    every = f"{action.partition(':')[0]}:*"
    return any(one.lower() in {action, every, "*"} for one in _listed(statement.get("Action", [])))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def mapping(functions: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the intake function is fed from its queue."""
    name = stack.outputs["IntakeFunctionName"]
    found = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    states = [one["State"] for one in found if one["EventSourceArn"].endswith(f":{_queue_name(stack)}")]
    enable: str = _deploy_again("nothing feeds the function", "関数にイベントが届きません")
    if states:
        enable = f"aws lambda update-event-source-mapping --enabled --uuid {found[0]['UUID']}"
    text = Bilingual(f"of {name}: {', '.join(states) or 'none'}", f"{name}: {', '.join(states) or 'なし'}")
    yield Finding("event source", text, "" if states == ["Enabled"] else enable)


def dead_letters(sqs: Any, stack: Stack) -> Iterator[Finding]:
    """Check that nothing lies in the dead-letter queues; the sweep takes it up every 15 minutes."""
    intake = stack.outputs["IntakeDeadLetterQueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for url in (intake, f"{intake.rpartition('/')[0]}/{stack.name}-undelivered"):
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        left = sum(int(counts[name]) for name in names)
        again, queue = f"suimon reconcile --stack {stack.name}", url.rpartition("/")[2]
        look = Bilingual(
            f"wait for the sweep's next round; if it lasts: {again}", f"次の巡回を待ち、続く場合は: {again}"
        )
        text = Bilingual(f"{left:,} messages in {queue}", f"{queue} に {left:,} 件")
        yield Finding("dead letters", text, look if left else "")


def subscriptions(sns: Any, topic: str) -> Iterator[Finding]:
    """Check that somebody gets what a topic tells, and that not everybody who sees an e-mail can end that."""
    name = topic.rpartition(":")[2]
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [one["SubscriptionArn"] for one in found if one["SubscriptionArn"].startswith("arn:")]
    waiting = len(found) - len(confirmed)
    open_it = Bilingual(
        'open the link in the e-mail "AWS Notification - Subscription Confirmation"',
        "メール「AWS Notification - Subscription Confirmation」のリンクを開いてください",
    )
    text = Bilingual(
        f"{len(confirmed)} confirmed, {waiting} not, of {name}",
        f"{name} は確認済み {len(confirmed)} 件、未確認 {waiting} 件",
    )
    yield Finding("subscriptions", text, "" if confirmed and not waiting else open_it)
    loose = [arn for arn in confirmed if _is_loose(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])]
    confirm = "aws sns confirm-subscription --authenticate-on-unsubscribe true"
    again = Bilingual(
        f"subscribe again, and confirm with: {confirm}", f"登録し直し、次のコマンドで確認してください: {confirm}"
    )
    kept = Bilingual(
        f"{len(loose)} of {len(confirmed)} of {name} can be ended by anybody who has the link, a mail scanner too",
        f"{name} の {len(confirmed)} 件中 {len(loose)} 件は、リンクを知る誰でも（メールスキャナーでも）解除できます",
    )
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
    runtimes, left = ", ".join(sorted(packages)), ", ".join(failed)
    text = Bilingual(
        f"{len(configurations)} functions on {runtimes}" + (f"; not updated: {left}" if failed else ""),
        f"{runtimes} の関数 {len(configurations)} 個" + (f"。未更新: {left}" if failed else ""),
    )
    anew = Bilingual("deploy the stack again", "スタックを再デプロイしてください")
    yield Finding("functions", text, anew if failed or len(packages) > 1 else "")
    of = {one["FunctionName"]: _variable(one, "SUIMON_RELEASE") or UNNAMED for one in configurations}
    others = [(name, release) for name, release in of.items() if release != stack.release]
    again = _deploy_again("functions of two releases work on the same files", "2 つのリリースの関数が混在しています")
    said = Bilingual(
        "; ".join(f"{name} is of {release}" for name, release in others) or stack.release,
        "、".join(f"{name} は {release}" for name, release in others) or stack.release,
    )
    yield Finding("functions' release", said, again if others else "")


def _variable(configuration: Mapping[str, Any], name: str) -> str:
    return str(configuration.get("Environment", {}).get("Variables", {}).get(name, ""))


def glue_job(glue: Any, stack: Stack) -> Iterator[Finding]:
    """Check that the Glue job is of the stack's release."""
    found = glue.get_job(JobName=stack.outputs["GlueJobName"])["Job"]
    release = found.get("DefaultArguments", {}).get("--deployed_release", UNNAMED)
    again = _deploy_again(f"the gate is of {stack.release}", f"ゲートは {stack.release} です")
    yield Finding("Glue job's release", release, "" if release == stack.release else again)


def _deploy_again(why: str, why_ja: str) -> Bilingual:
    return Bilingual(f"deploy the stack again: {why}", f"スタックを再デプロイしてください: {why_ja}")


def _queue_name(stack: Stack) -> str:
    return stack.outputs["IntakeQueueUrl"].rsplit("/", 1)[-1]

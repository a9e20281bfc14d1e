from datetime import UTC, datetime
from email import message_from_bytes
from email import policy as email_policy
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.mailbox import (
    ConfirmationError,
    Letter,
    Subscription,
    confirm,
    deliver,
    letters,
    notification,
    subject_error,
)
from local.twin import Twin

NOW = datetime(2026, 11, 22, 6, 0, 1, tzinfo=UTC)
SOMEBODY = Subscription("arn:aws:sns:ap-northeast-1:000000000000:alerts:1", "arn:…:alerts", "email", "a@example.com")


def _topic(cloud: Twin, name: str) -> str:
    return cloud.session().client("sns").create_topic(Name=name)["TopicArn"]


def _mail(cloud: Twin, topic: str) -> list[Letter]:
    return [letter for letter in letters(cloud.mail) if letter.topic_arn == topic]


def test_nothing_arrives_before_the_subscription_is_confirmed(cloud: Twin) -> None:
    sns, topic = cloud.session().client("sns"), _topic(cloud, "unconfirmed")

    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    sns.publish(TopicArn=topic, Subject="lost", Message="nobody reads this")

    assert answer["SubscriptionArn"] == "pending confirmation"
    assert [letter.kind for letter in _mail(cloud, topic)] == ["SubscriptionConfirmation"]
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    assert (
        sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    )


def test_a_confirmed_address_gets_what_is_published(cloud: Twin) -> None:
    sns, topic = cloud.session().client("sns"), _topic(cloud, "confirmed")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    confirm(_mail(cloud, topic)[0])

    sns.publish(TopicArn=topic, Subject="売上 2026-11-20 が届いていません", Message="期限 06:00\n確認してください。")

    letter = _mail(cloud, topic)[-1]
    assert (letter.to, letter.subject) == ("a@example.com", "売上 2026-11-20 が届いていません")
    assert letter.body.startswith("期限 06:00\n確認してください。\n")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"


def test_a_subscription_from_a_template_must_be_confirmed_too(cloud: Twin) -> None:
    formation, sns = cloud.session().client("cloudformation"), cloud.session().client("sns")
    template = """
      {"Resources": {
         "Inline": {"Type": "AWS::SNS::Topic", "Properties": {
            "TopicName": "from-template", "Subscription": [{"Protocol": "email", "Endpoint": "a@example.com"}]}},
         "Apart": {"Type": "AWS::SNS::Subscription", "Properties": {
            "TopicArn": {"Ref": "Inline"}, "Protocol": "email", "Endpoint": "b@example.com"}}},
       "Outputs": {"Topic": {"Value": {"Ref": "Inline"}}}}"""
    formation.create_stack(StackName="mail", TemplateBody=template)
    formation.get_waiter("stack_create_complete").wait(StackName="mail", WaiterConfig={"Delay": 1})
    topic = formation.describe_stacks(StackName="mail")["Stacks"][0]["Outputs"][0]["OutputValue"]

    sns.publish(TopicArn=topic, Message="lost")

    assert [(letter.kind, letter.to) for letter in _mail(cloud, topic)] == [
        ("SubscriptionConfirmation", "a@example.com"),
        ("SubscriptionConfirmation", "b@example.com"),
    ]


def test_asking_again_for_a_pending_address_sends_its_letter_again(cloud: Twin) -> None:
    sns, topic = cloud.session().client("sns"), _topic(cloud, "twice")
    for _ in range(2):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")

    first, second = _mail(cloud, topic)

    assert first.confirmation_url == second.confirmation_url


def test_who_unsubscribes_gets_nothing_more(cloud: Twin) -> None:
    sns, topic = cloud.session().client("sns"), _topic(cloud, "leaving")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    confirm(_mail(cloud, topic)[0])
    sns.unsubscribe(
        SubscriptionArn=sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["SubscriptionArn"]
    )

    sns.publish(TopicArn=topic, Message="too late")

    assert len(_mail(cloud, topic)) == 1


@pytest.mark.parametrize("subject", ["two\nlines", "bell\a", "x" * 100, "line\u2028separator"])
def test_sns_refuses_a_subject_that_aws_refuses(cloud: Twin, subject: str) -> None:
    sns, topic = cloud.session().client("sns"), _topic(cloud, "subjects")

    with pytest.raises(ClientError, match="InvalidParameter"):
        sns.publish(TopicArn=topic, Subject=subject, Message="m")


def test_a_subject_of_99_characters_is_fine_whatever_their_bytes() -> None:
    assert subject_error("水" * 99) is None
    assert subject_error("水" * 100)


def test_a_letter_reads_as_plain_text_and_parses_as_mail(tmp_path: Path) -> None:
    path = deliver(tmp_path, notification(SOMEBODY, "id-1", "早い警告", "本文", "http://127.0.0.1:1", NOW), NOW)

    raw = path.read_bytes()
    assert "Subject: 早い警告".encode() in raw
    assert "\n本文\n".encode() in raw
    parsed = message_from_bytes(raw, policy=email_policy.default)
    assert (parsed["Subject"], parsed["Message-ID"]) == ("早い警告", "<id-1@sns.amazonaws.com>")
    assert parsed["X-Amz-Sns-Topic-Arn"] == SOMEBODY.topic_arn


def test_file_names_sort_by_time_and_nothing_unfinished_is_seen(tmp_path: Path) -> None:
    for second in (9, 1, 5):
        at = NOW.replace(second=second)
        deliver(tmp_path, notification(SOMEBODY, f"id-{second}", "", "m", "http://127.0.0.1:1", at), at)
    (tmp_path / "later.tmp").write_text("half a lett")

    assert [letter.message_id for letter in letters(tmp_path)] == ["id-1", "id-5", "id-9"]
    assert {letter.subject for letter in letters(tmp_path)} == {"AWS Notification Message"}


def test_an_address_cannot_smuggle_headers_into_a_letter() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        notification(
            Subscription("a", "t", "email", "a@example.com\nBcc: b@example.com"), "id", "", "m", "http://h", NOW
        )


def test_a_link_that_leaves_this_machine_is_not_opened(tmp_path: Path) -> None:
    letter = Letter(tmp_path, "SubscriptionConfirmation", "a", "s", "open https://example.com/?Token=1", "t", "id")

    with pytest.raises(ConfirmationError, match="not this machine"):
        confirm(letter)

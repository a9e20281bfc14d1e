"""Who may do what, asked as the twin's endpoints ask: with real signatures and real policies."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.endpoints import AccessDenied, AwsError, authorize, json_error, role_session
from local.twin import Keys, Twin

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

ROLE = "arn:aws:airflow:ap-northeast-1:000000000000:role/suimon/User"
INVOKE = "airflow:InvokeRestApi"


@pytest.fixture
def _root(cloud: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where an endpoint's process stands: with the account's root keys in the environment."""
    root = cloud.principals["root"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.endpoint())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", root.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", root.secret_access_key)


@pytest.fixture
def user(cloud: Twin, _root: None, request: pytest.FixtureRequest) -> Iterator[Callable[..., Credentials]]:
    """Make an IAM user with one policy statement and give its keys."""
    iam = cloud.session().client("iam")
    made: list[tuple[str, str]] = []

    def make(**statement: Any) -> Credentials:
        name = f"user-{abs(hash(request.node.name))}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        made.append((name, key["AccessKeyId"]))
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    yield make
    for name, key in made:
        iam.delete_access_key(UserName=name, AccessKeyId=key)
        iam.delete_user_policy(UserName=name, PolicyName="p")
        iam.delete_user(UserName=name)


TARGET = "/restapi/suimon?a=%2Fb&c"


def signed(keys: Credentials) -> AWSRequest:
    headers = {"Host": "127.0.0.1:1", "Content-Type": "application/json"}
    request = AWSRequest("POST", f"http://127.0.0.1:1{TARGET}", headers=headers, data=b"{}")
    SigV4Auth(keys, "airflow", "ap-northeast-1").add_auth(request)
    return request


def ask(request: AWSRequest, body: bytes = b"{}", resource: str = ROLE, **options: Any) -> Any:
    return authorize(dict(request.headers), "POST", TARGET, body, options.pop("action", INVOKE), resource, **options)


def test_a_signed_call_that_a_policy_allows_tells_who_called(user: Callable[..., Credentials]) -> None:
    keys = user(Action=INVOKE, Resource=ROLE)

    caller = ask(signed(keys))

    assert ":user/user-" in caller.arn
    assert caller.account_id == "000000000000"


def test_a_call_that_no_policy_allows_is_denied_with_awss_words(user: Callable[..., Credentials]) -> None:
    keys = user(Action=INVOKE, Resource=ROLE)

    with pytest.raises(AccessDenied, match=r"is not authorized to perform: airflow:InvokeRestApi on resource: .*Admin"):
        ask(signed(keys), resource=ROLE.replace("User", "Admin"))


def test_a_changed_body_does_not_pass_under_the_old_signature(user: Callable[..., Credentials]) -> None:
    keys = user(Action=INVOKE, Resource=ROLE)

    with pytest.raises(AccessDenied) as denied:
        ask(signed(keys), body=b'{"Path": "/other"}')

    assert denied.value.code == "SignatureDoesNotMatch"


def test_a_wrong_secret_does_not_pass(user: Callable[..., Credentials]) -> None:
    keys = user(Action=INVOKE, Resource=ROLE)

    with pytest.raises(AccessDenied) as denied:
        ask(signed(Credentials(keys.access_key, "wrong")))

    assert denied.value.code == "SignatureDoesNotMatch"


@pytest.mark.usefixtures("_root")
def test_a_call_without_signature_does_not_pass() -> None:
    with pytest.raises(AccessDenied) as denied:
        authorize({"Host": "127.0.0.1:1"}, "POST", "/restapi/suimon", b"{}", INVOKE, ROLE)

    assert denied.value.code == "MissingAuthenticationToken"


@pytest.mark.usefixtures("_root")
@pytest.mark.parametrize("key", ["test", "123456789012", "AKIAUNKNOWN"])
def test_no_key_is_root_but_the_accounts_own(key: str) -> None:
    with pytest.raises(AccessDenied) as denied:
        ask(signed(Credentials(key, "test")))

    assert denied.value.code == "UnrecognizedClientException"


def test_a_policy_may_name_the_callers_own_id(user: Callable[..., Credentials]) -> None:
    owner = "redshift-data:statement-owner-iam-userid"
    keys = user(
        Action=["redshift-data:DescribeStatement", INVOKE],
        Resource="*",
        Condition={"StringEqualsIfExists": {owner: "${aws:userid}"}},
    )
    mine = ask(signed(keys)).user_id

    ask(signed(keys), action="redshift-data:DescribeStatement", resource="*", context={owner: mine})
    with pytest.raises(AccessDenied):
        ask(signed(keys), action="redshift-data:DescribeStatement", resource="*", context={owner: "somebody else"})


def test_put_events_is_held_to_the_source_its_policy_names(cloud: Twin, user: Callable[..., Credentials]) -> None:
    keys = user(
        Action="events:PutEvents",
        Resource="*",
        Condition={"StringEquals": {"events:source": "suimon.dag", "events:detail-type": "Run Finished"}},
    )
    events = cloud.with_(principals={"u": _keys(keys)}).session("u").client("events")
    good: PutEventsRequestEntryTypeDef = {"Source": "suimon.dag", "DetailType": "Run Finished", "Detail": "{}"}

    assert events.put_events(Entries=[good])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        events.put_events(Entries=[good, {**good, "Source": "aws.s3"}])


@pytest.mark.usefixtures("_root")
def test_a_role_is_assumed_only_for_a_service_that_it_trusts(cloud: Twin) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = (
        cloud.session()
        .client("iam")
        .create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    )

    session = role_session(role, "run-1", "glue.amazonaws.com")

    assert session.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/job/run-1")
    with pytest.raises(ClientError, match="is not authorized to perform: s3:ListAllMyBuckets"):
        session.client("s3").list_buckets()
    with pytest.raises(AccessDenied, match="does not name the service"):
        role_session(role, "run-1", "redshift.amazonaws.com")


def test_an_error_has_awss_shape() -> None:
    answer = json_error(AwsError("ValidationException", "no", 400, Reason="x"), "id-1")

    assert json.loads(bytes(answer.body)) == {"__type": "ValidationException", "message": "no", "Reason": "x"}
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")


def _keys(credentials: Credentials) -> Keys:

    return Keys(credentials.access_key, credentials.secret_key)


def test_a_bucket_that_refuses_plain_http_can_be_read_on_loopback(
    cloud: Twin, user: Callable[..., Credentials]
) -> None:
    keys = user(Action="s3:GetObject", Resource="arn:aws:s3:::artifacts/*")
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket="artifacts", Key="script.py", Body=b"pass")
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::artifacts", "arn:aws:s3:::artifacts/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="artifacts", Policy=json.dumps({"Version": "2012-10-17", "Statement": [refusal]}))

    reader = cloud.with_(principals={"u": _keys(keys)}).session("u").client("s3")

    assert reader.get_object(Bucket="artifacts", Key="script.py")["Body"].read() == b"pass"


def test_a_batch_of_messages_needs_the_right_of_one_and_leaves_its_trace(
    cloud: Twin, user: Callable[..., Credentials]
) -> None:
    url = cloud.session().client("sqs").create_queue(QueueName="batches")["QueueUrl"]
    keys = user(Action="sqs:SendMessage", Resource="arn:aws:sqs:ap-northeast-1:000000000000:batches")
    sender = cloud.with_(principals={"u": _keys(keys)}).session("u")
    sqs = sender.client("sqs")

    answer = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "b"}])
    assert [sent["Id"] for sent in answer["Successful"]] == ["a"]
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": "r"}])

    me = sender.client("sts").get_caller_identity()["Arn"]
    with urlopen(f"{cloud.endpoint()}/_twin/used") as used:  # noqa: S310 of the twin itself
        assert [action for who, action in json.load(used) if who == me and action.startswith("sqs:")] == [
            "sqs:SendMessage"
        ]

"""`suimon doctor` as a person calls it: a line for each check, exit statuses, JSON for scripts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from rich.cells import cell_len

from suimon.cli import doctor
from suimon.cli.doctor_checks import Stack
from suimon.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
from tests.functional.cli.checked_up import ACCOUNT, HEALTHY, NOON, RELEASE, Deployed, Functions, Glue, Topic
from tests.functional.cli.test_every_answer import JAPANESE


# ---------------------------------------------------------------- the command
@pytest.fixture
def run(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    fakes: dict[str, Any] = {
        "s3": deployed.s3,
        "events": deployed.events,
        "sns": Topic(f"{ACCOUNT}:a:1"),
        "lambda": Functions(),
    }
    fakes["glue"] = Glue(deployed_release=RELEASE)
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name, **more: fakes.get(name) or client(name, **more))
    monkeypatch.setattr(doctor, "read_stack", lambda _name: deployed.stack)
    monkeypatch.setattr(doctor, "ask", lambda *_: HEALTHY)
    monkeypatch.setattr(doctor, "utc_now", lambda: NOON)

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["doctor", "--stack", "s", *arguments])

    return invoke


def test_a_healthy_stack_has_a_line_for_each_check_and_exit_status_0(run: Callable[..., Any]) -> None:
    done = run()
    lines = done.output.splitlines()
    checks = [line for line in lines[:-2] if not line.startswith(" ")]  # a long one goes on in the next line
    assert (done.exit_code, *lines[-2:]) == (0, f"{len(checks)} checks, all is well.", "  suimon status --stack s")
    assert all(line.startswith("OK    ") for line in checks)


class Topics(Topic):
    """Topics of which only one has somebody who hears it."""

    heard: str = ""

    def list_subscriptions_by_topic(self, **request: Any) -> dict[str, Any]:
        found = super().list_subscriptions_by_topic(**request)
        return found if request["TopicArn"] == self.heard else {"Subscriptions": []}


@pytest.mark.parametrize(("heard", "deaf"), [("AlertsTopicArn", "WatchTopicArn"), ("WatchTopicArn", "AlertsTopicArn")])
def test_a_topic_that_nobody_hears_is_told_of_the_alerts_and_of_the_watch(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, heard: str, deaf: str
) -> None:
    topics = Topics(f"{ACCOUNT}:a:1")
    topics.heard = heard
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name, **more: topics if name == "sns" else client(name, **more))
    done = run()
    assert done.exit_code == 1
    assert f"FAIL  subscriptions: 0 confirmed, 0 not, of {deaf}" in done.output
    assert f"OK    subscriptions: 1 confirmed, 0 not, of {heard}" in done.output


def test_what_is_wrong_says_what_to_do_in_80_columns_and_hides_nothing_else(
    run: Callable[..., Any], deployed: Deployed
) -> None:
    deployed.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Suspended"})
    deployed.events.remove_targets(Rule="s-object-created", Ids=["intake"])
    deployed.events.delete_rule(Name="s-object-created")
    done = run()
    assert done.exit_code == 1
    assert max(map(len, done.output.splitlines())) <= doctor.WIDTH
    assert "FAIL  bucket's versions: versioning is Suspended\n      -> turn versioning on" in done.output
    assert "FAIL  rule: could not be looked at" in done.output
    assert "OK    unsubscribing" in done.output


def test_in_japanese_each_line_is_japanese_and_fits_into_80_columns(
    run: Callable[..., Any], deployed: Deployed
) -> None:
    deployed.s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Suspended"})
    deployed.events.remove_targets(Rule="s-object-created", Ids=["intake"])
    deployed.events.delete_rule(Name="s-object-created")
    english, japanese = run().output.splitlines(), run("--lang", "ja").output.splitlines()
    assert max(map(cell_len, japanese)) <= doctor.WIDTH
    # What AWS says itself stays as it is, as do the names of releases.
    own = [line for line in japanese[:-1] if not re.search(r"ResourceNotFound|does not exist|: unnamed|-> aws ", line)]
    assert [line for line in own if not JAPANESE.search(line)] == []
    ends = [[line.split()[0] for line in lines if line[:1] != " "][:-1] for lines in (english, japanese)]
    assert ["NG" if word == "FAIL" else word for word in ends[0]] == ends[1]
    assert english[-1] == japanese[-1]


def test_scripts_get_json_and_nothing_else(run: Callable[..., Any]) -> None:
    found = json.loads(run("--json").output)
    assert {one["check"] for one in found} >= {"stack outputs", "clock", "rule", "DAG sales_etl", "gate's rights"}
    assert all(one["ok"] for one in found)


def test_an_output_that_is_missing_is_the_only_thing_that_can_be_told(
    run: Callable[..., Any], deployed: Deployed
) -> None:
    deployed.stack = replace(deployed.stack, outputs={"RawBucket": "raw"})
    done = run()
    assert (done.exit_code, done.output.splitlines()[-2]) == (1, "2 checks, 1 to mend.")


def test_a_stack_that_is_not_there_is_exit_status_2_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def describe_stacks(**request: Any) -> dict[str, Any]:
        error: Any = {"Error": {"Code": "ValidationError", "Message": f"{request['StackName']} does not exist"}}
        raise ClientError(error, "DescribeStacks")

    monkeypatch.setattr(boto3, "client", lambda _name: SimpleNamespace(describe_stacks=describe_stacks))
    done = CliRunner().invoke(main, ["doctor", "--stack", "nowhere"])
    said = done.output + done.stderr
    assert (done.exit_code, "Traceback" in said, "stack nowhere" in said) == (2, False, True)


def test_a_stack_is_read_with_its_outputs_and_the_time_at_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": [{"OutputKey": "RawBucket", "OutputValue": "raw"}]}],
        "ResponseMetadata": {"HTTPHeaders": {"date": "Sun, 22 Nov 2026 12:00:00 GMT"}},
    }
    monkeypatch.setattr(boto3, "client", lambda _name: SimpleNamespace(describe_stacks=lambda **_: answer))
    expected = Stack("s", "CREATE_COMPLETE", {"RawBucket": "raw"}, "Sun, 22 Nov 2026 12:00:00 GMT")
    assert doctor.read_stack("s") == expected

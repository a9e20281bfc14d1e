"""Files of all three datasets end to end on a whole twin: the deployed stack, real Airflow, Spark, SQL, IAM enforced.

A twin of its own, so that one that is up for a person is not disturbed. Its story (story.py) is told once; each test
looks at one thing that must be so afterwards.
"""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from local import mailbox
from local.demo.sales import sales_file
from local.deploy import ANALYST
from local.lifecycle import up
from local.progress import Board
from local.supervisor import PartDiedError, stop
from suimon.drops.states import State
from tests.datasets import table_of
from tests.twin.by_hand import finished, in_airflow
from tests.twin.golden import CORRECTIONS
from tests.twin.received import are_those, break_and_hold_inventory, by_hand, received
from tests.twin.story import DAY_BEFORE, FAULT, LAST_DUE, NEVER_SENT, OTHERS, ROOT, ROWS, Story, ends, tell
from tests.twin.typed import ANSWERED, CHANGING, OPERATING, READING, typed_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.twin import Twin

# Rights that the runtime uses for a function, not the function itself; the emulator does not ask IAM for them.
OF_THE_RUNTIME = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:AssociateKmsKey",
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    *("kms:Decrypt", "kms:GenerateDataKey"),  # asked by the services that hold the data
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:SendMessage",
    "s3:ListBucket",  # decides whether a missing object is a 404 or a 403
    "s3:ListBucketVersions",  # and a missing version
}


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "test-twin")
    try:
        for asking in mailbox.letters(twin.mail):  # one letter a topic
            mailbox.confirm(asking)
        story = Story(twin, sales_file(LAST_DUE, ROWS, seed=1))
        tell(story, break_and_hold_inventory)
        yield story
    finally:
        stop(twin)


def test_a_bad_file_is_rejected_and_the_corrected_one_loaded(story: Story) -> None:
    assert [move.state for move in story.moves("bad") if move.attempt == 1] == [
        State.RECEIVED,
        State.VALIDATING,
        State.REJECTED,
    ]
    assert [move.state for move in story.moves("good") if move.attempt == 1] == [
        State.RECEIVED,
        State.VALIDATING,
        State.ACCEPTED,
        State.TRIGGERED,
        State.LOADED,
    ]
    assert story.table() == (ROWS, story.good.amount)


@pytest.mark.parametrize("dataset", OTHERS)
def test_every_value_of_the_other_datasets_arrives_and_a_correction_replaces_them_all(
    story: Story, dataset: str
) -> None:
    names = (dataset, f"{dataset} corrected") if dataset in CORRECTIONS else (dataset,)
    for name in names:
        rows = story.sent[name].rows
        assert story.seen[name] == rows
        steps = [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]
        assert [move.state for move in story.moves(name)] == steps
        assert finished(story, name) == {
            "rows": {"file": len(rows), "parquet": len(rows), "table": len(rows)},
            "error": None,
        }
    assert story.whole_table(table_of(dataset)) == story.sent[names[-1]].rows
    logged = [(load["drop_id"], load["attempt"], load["row_count"]) for load in story.loads(table_of(dataset))]
    assert logged == [(story.drops[name].id, 1, len(story.sent[name].rows)) for name in names]


def test_a_worker_that_dies_after_it_has_sent_its_load_is_replaced_and_nothing_doubled(story: Story) -> None:
    run = f"{story.drops['user_events corrected'].id}.1"
    path = f"/dags/user_events_etl/dagRuns/{run}"
    told = in_airflow(story, f"{path}/taskInstances")["task_instances"]  # one task's path is too long for MWAA
    tries = {task["task_id"]: task["try_number"] for task in told}
    assert tries["load_redshift"] > 1, tries
    assert in_airflow(story, path)["state"] == "success"
    # What the dead worker had sent was committed, and the next try's after it.
    assert story.orphaned
    assert story.loads("user_events")[-1]["loaded_at"] > story.orphaned
    assert not story.letters(f"run-failed:user_events:{DAY_BEFORE}")


def test_the_same_file_again_opens_no_second_run(story: Story) -> None:
    assert [move.state for move in story.moves("again")] == [State.RECEIVED, State.VALIDATING, State.DUPLICATE]
    job = story.twin.outputs["GlueJobName"]
    runs = story.twin.session().client("glue").get_job_runs(JobName=job)["JobRuns"]
    assert not [run for run in runs if story.drops["again"].id in run["Arguments"]["--source_uri"]]


def test_people_hear_of_the_bad_cell_and_of_the_recovery(story: Story) -> None:
    told, over = story.letters(f"rejected:sales/{LAST_DUE}/sales_data.csv")
    assert f"record {FAULT.record}, {FAULT.column}: “{FAULT.value}”" in told.body
    assert over.subject.startswith("[RECOVERED]")


@pytest.mark.long
def test_people_get_the_letters_that_are_written_by_hand_and_no_others(story: Story) -> None:
    got, wanted = received(story), by_hand()
    assert got.keys() == wanted.keys()
    assert [(about, got[about]) for about in got if not are_those(got[about], wanted[about])] == []


def test_the_report_lists_the_bad_cell_at_its_place(story: Story) -> None:
    s3 = story.twin.session("operator").client("s3")
    key = f"sales/{LAST_DUE}/{story.drops['bad'].id}.1/bad_cells.jsonl"
    body = s3.get_object(Bucket=story.twin.outputs["ReportsBucket"], Key=key)["Body"].read().decode()
    [cell] = [json.loads(line) for line in body.splitlines()]
    assert (cell["record"], cell["column"], cell["code"]) == (FAULT.record, FAULT.column, "minimum-error")


def test_of_files_that_never_came_the_newest_is_told_alone_and_the_others_together(story: Story) -> None:
    told, over = story.letters(f"missing-file:sales:{LAST_DUE}")
    assert [told.subject[:7], over.subject[:11]] == ["[ERROR]", "[RECOVERED]"]
    [others] = story.letters("missing-file:sales")
    assert others.subject == "[ERROR] sales: 4 more files never came"
    assert all(f"sales {day}: the file never came" in others.body for day in (DAY_BEFORE, NEVER_SENT))
    assert not story.letters(f"missing-file:sales:{NEVER_SENT}")


def test_one_that_comes_late_has_recovered(story: Story) -> None:
    key = {"pk": f"incident#missing-file:sales:{DAY_BEFORE}", "sk": "incident"}
    assert story.ledger_table.get_item(Key=key)["Item"]["state"] == "INCIDENT_RECOVERED"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("user_events", "user_events is empty"),
        ("inventory", "inventory が空です"),
        ("sales_fact", None),  # files that never came explain it
    ],
)
def test_a_table_is_told_to_be_empty_until_its_first_file_is_loaded_unless_missing_files_explain_it(
    story: Story, table: str, words: str | None
) -> None:
    expected = [f"[ERROR] {words}", f"[RECOVERED] {words}"] if words else []
    assert [letter.subject for letter in story.letters(f"stale-table:{table}")] == expected


def test_an_upstream_system_may_only_put(story: Story) -> None:
    s3 = story.twin.session("upstream").client("s3")
    for forbidden in (
        lambda: s3.get_object(Bucket=story.twin.outputs["RawBucket"], Key=story.drops["good"].key),
        lambda: s3.put_object(Bucket=story.twin.outputs["LakeBucket"], Key="accepted/x", Body=b""),
        lambda: s3.list_objects_v2(Bucket=story.twin.outputs["RawBucket"]),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            forbidden()


def test_a_replay_loads_the_day_again_and_doubles_nothing(story: Story) -> None:
    assert story.replayed
    assert story.replayed.exit_code == 0, story.replayed.output
    assert "1 loaded" in story.replayed.output
    second = [move.state for move in story.moves("good") if move.attempt == 2]
    assert second == [State.VALIDATING, State.ACCEPTED, State.TRIGGERED, State.LOADED]
    assert story.table() == (ROWS, story.good.amount)


def test_a_run_that_fails_is_told_with_the_way_to_repeat_it(story: Story) -> None:
    told, over, again = story.letters(f"run-failed:sales:{LAST_DUE}")[:3]
    assert "run_glue" in told.body
    assert f"suimon replay sales --from {LAST_DUE} --to {LAST_DUE}" in told.body
    assert over.subject.startswith("[RECOVERED]")
    # The fifth attempt's, out of the dead letters, which does not say how far it came.
    assert again.subject == f"[ERROR] sales {LAST_DUE} run failed: see what the table holds"


def test_the_walk_over_the_bucket_leaves_what_is_known_as_it_is(story: Story) -> None:
    assert story.found["lost event"] == 0


def test_a_run_whose_end_nobody_heard_of_is_told_to_hang_and_then_found_to_have_loaded(story: Story) -> None:
    assert ends(story, 4) == [State.LOADED]
    run = f"{story.drops['good'].id}.4"
    told, over = story.letters(f"hanging:daily_sales_etl:{run}")
    assert f"/dags/daily_sales_etl/runs/{run}" in told.body
    assert over.subject.startswith("[RECOVERED]")


def test_dead_letters_are_taken_up_or_kept_for_a_person_to_read(story: Story) -> None:
    assert story.found["dead letter"] == 2
    assert ends(story, 5)[0] is State.FAILED
    s3 = story.twin.session("operator").client("s3")
    bucket = story.twin.outputs["ReportsBucket"]
    # What the gate could not use it kept itself, at once; the sweep what lay among the dead letters.
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="undeliverable/")["Contents"]
    keys, hours = [kept["Key"] for kept in objects], {kept["LastModified"].hour for kept in objects}
    told = story.letters("undeliverable")
    assert 1 <= len(told) <= len(hours)
    assert any(key in letter.body for letter in told for key in keys)
    # And who has read them deletes them.
    for key in keys:
        s3.get_object(Bucket=bucket, Key=key)
        s3.delete_object(Bucket=bucket, Key=key)


def test_the_operator_sees_that_nothing_is_unexplained(story: Story) -> None:
    assert story.reconciled
    assert story.reconciled.exit_code == 0, story.reconciled.output
    assert "unexplained: 0" in story.reconciled.output.splitlines()


def test_the_operator_reads_in_the_ledger_who_changed_what_when(story: Story) -> None:
    assert {name: result.exit_code for name, result in story.looked_up.items()} == dict.fromkeys(story.looked_up, 0)
    found = {name: json.loads(result.stdout) for name, result in story.looked_up.items()}
    ids = {name: drop.id for name, drop in story.drops.items()}
    states = [move["state"] for move in found["drop"]["history"]]
    assert states[:5] == ["RECEIVED", "VALIDATING", "ACCEPTED", "TRIGGERED", "LOADED"]
    assert states == [move.state for move in story.moves("good")][: len(states)]
    assert found["drop"]["accepted_copy"].endswith(f"/sales/{LAST_DUE}/{ids['good']}/data.csv")
    assert [drop["drop_id"] for drop in found["key"]] == [ids["again"], ids["good"], ids["bad"]]
    assert [drop["drop_id"] for drop in found["partition"]] == [ids["other day"]]
    assert [(drop["drop_id"], drop["duplicate_of"]) for drop in found["state"]] == [(ids["again"], ids["good"])]


def test_the_doctor_may_look_at_all_that_it_looks_at_and_finds_it_well(story: Story) -> None:
    assert story.examined
    findings = json.loads(story.examined.stdout)
    # A letter may lie there for a moment, for the story loses some; and it confirms by the link, as mail scanners do.
    assert not [one for one in findings if not one["ok"] and one["check"] not in {"dead letters", "unsubscribing"}]
    assert {"bucket's events", "rule's pattern", "DAG daily_sales_etl"} <= {one["check"] for one in findings}


def test_a_file_that_was_deleted_after_it_was_accepted_is_loaded_again_from_its_copy(story: Story) -> None:
    states = [move.state for move in story.moves("good") if move.attempt > 2]
    assert {State.REJECTED, State.GONE}.isdisjoint(states)
    assert states.count(State.TRIGGERED) == 3
    assert story.table() == (ROWS, story.good.amount)


def test_a_replay_of_what_cannot_be_loaded_is_answered_at_once(story: Story) -> None:
    assert story.answers == {"bad": "SUPERSEDED", "other day": "REJECTED", "good": "TRIGGERED"}


def test_an_operator_may_type_every_command_and_a_viewer_every_one_that_reads(story: Story) -> None:
    typed = {(one.user, one.command): one for one in story.typed}
    for (user, command), one in typed.items():
        if user == "viewer" and command in CHANGING:
            assert one.denied, one
            assert one.result.exit_code == 2, one.result.output
        else:
            assert not one.denied, one.result.output
            assert "Traceback" not in one.result.output
            nothing_there = command.startswith((*ANSWERED, "drops --dataset nowhere"))
            assert one.result.exit_code in ({1, 2} if nothing_there else {0, 1}), one.result.output
    assert len(typed) == 2 * len({*READING, *CHANGING}) + len(OPERATING)


def test_an_analyst_asks_the_warehouse_of_the_stack(story: Story) -> None:
    sql = f"SELECT COUNT(*) AS orders FROM sales_fact WHERE order_date = '{LAST_DUE}'"  # noqa: S608 a date of our own
    asked = typed_by(story.twin, ANALYST, "warehouse", "query", sql, "--json")
    assert json.loads(asked.stdout) == [{"orders": story.table()[0]}], asked.output


def test_no_function_no_dag_and_no_person_has_a_right_it_did_not_use(story: Story) -> None:
    with urllib.request.urlopen(f"{story.twin.endpoint()}/_twin/used") as answer:  # noqa: S310 http on loopback
        used: list[tuple[str, str]] = json.load(answer)
    iam = story.twin.session().client("iam")
    unused = {}
    for logical, role in roles(story.twin).items():
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], logical
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        granted = {action for document in documents for action in actions(document)}
        exercised = {action for principal, action in used if f":assumed-role/{role}/" in principal}
        assert granted, logical
        unused[logical] = granted - exercised - OF_THE_RUNTIME
    for policy, user in (("DagPolicy", "airflow"), ("OperatorPolicy", "operator"), ("ViewerPolicy", "viewer")):
        arn = story.twin.outputs[f"{policy}Arn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        granted = actions(document["PolicyVersion"]["Document"])
        unused[policy] = granted - {action for principal, action in used if principal.endswith(f":user/{user}")}
    # Only of a question that a table's lock keeps waiting.
    unused["FreshnessRole"] -= {"redshift-data:CancelStatement"}
    unused["IntakeRole"] -= {"sqs:ChangeMessageVisibility"}  # only of a message that is tried again later
    unused["ReplayPlanRole"] -= {"states:DescribeExecution"}  # only of another replay that is on record as running
    unused["DagPolicy"] -= {
        *("kms:Decrypt", "kms:GenerateDataKey"),  # asked by the services that hold the data
        "redshift-data:CancelStatement",  # only when somebody stops the task that waits for the statement
        "glue:GetJobRuns",  # only a retry of run_glue looks for a job that is still running
        "sns:Publish",  # only of a run six hours late, and where SUIMON_LATE_RUN_TOPIC is set
    }
    unused["OperatorPolicy"] -= {
        "kms:Decrypt",  # asked by the services that hold the data
        "logs:FilterLogEvents",  # `aws logs tail`; the emulator asks for the group without the `:*` of its ARN
        "states:StopExecution",  # nobody stops a replay here
    }
    unused["ViewerPolicy"] -= {"kms:Decrypt"}
    assert not {owner: rights for owner, rights in unused.items() if rights}


def test_a_part_that_dies_is_named_with_its_log(story: Story) -> None:
    [scheduler] = [part for part in story.twin.running if part.name == "airflow-scheduler"]
    os.kill(scheduler.pid, signal.SIGKILL)
    with pytest.raises(PartDiedError, match="airflow-scheduler"):
        story.wait(lambda: False, "the death to be noticed")


def roles(twin: Twin) -> dict[str, str]:
    """The functions' role names, by the role's logical id."""
    resources = twin.session().client("cloudformation").describe_stack_resources(StackName="suimon-local")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources["StackResources"]
        if resource["LogicalResourceId"] in {"IntakeRole", "OutcomeRole", "FreshnessRole", "ReplayPlanRole"}
    }


def actions(document: Any) -> set[str]:
    """Every action that a policy document allows."""
    found: set[str] = set()
    for statement in document["Statement"]:
        listed = statement["Action"]
        found |= {listed} if isinstance(listed, str) else set(listed)
    return found

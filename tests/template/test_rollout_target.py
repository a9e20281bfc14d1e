"""Where a deployment goes, and what a release is called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local.rollout.target import SHARED, TargetError, overrides, read_target, release_of
from local.template_check.reading import of_type, template_of

ROOT = Path(__file__).parents[2]


def filled(tmp_path: Path) -> Path:
    """Return the shipped file with something in the place of each mark that only a person can fill in."""
    text = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    for mark, value in {"<bucket>": "ours-dags", "<address>": "data@ours.test", "<uuid>": "6f1d2c8e-3a47"}.items():
        text = text.replace(mark, value)
    path = tmp_path / "samconfig.toml"
    path.write_text(text.replace("<workgroup>", "main"), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_shipped_environments_want_what_only_a_person_knows(name: str) -> None:
    with pytest.raises(TargetError, match=f"{name}.airflow.parameters: fill in DagBucketName"):
        read_target(ROOT / "samconfig.toml", name)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_environments_own_stack_answers_what_the_gate_needs(name: str, tmp_path: Path) -> None:
    target = read_target(filled(tmp_path), name)
    with pytest.raises(TargetError, match="fill in MwaaEnvironment, MwaaExecutionRole"):
        target.filled({}, "0123456789ab")
    values = target.filled({"MwaaEnvironment": "airflow", "MwaaExecutionRole": "role", "Other": "x"}, "0123456789ab")
    assert (values["MwaaEnvironment"], values["MwaaExecutionRole"], values["Release"]) == (
        "airflow",
        "role",
        "0123456789ab",
    )
    assert "Other" not in values


@pytest.mark.parametrize("name", ["default", "version", "production"])
def test_what_is_no_environment_is_refused(name: str) -> None:
    with pytest.raises(TargetError, match="has no environment"):
        read_target(ROOT / "samconfig.toml", name)


@pytest.mark.parametrize(
    ("stack", "fits"),
    [
        ("suimon-eu", True),
        ("s" * 42, True),
        ("s" * 43, False),
        ("Suimon", False),
        ("suimon_dev", False),
        ("1st", False),
    ],
)
def test_a_name_that_no_bucket_can_begin_with_is_refused_before_anything_is_made(
    tmp_path: Path, stack: str, *, fits: bool
) -> None:
    config = filled(tmp_path)
    config.write_text(config.read_text(encoding="utf-8").replace('"suimon-dev"', f'"{stack}"'), encoding="utf-8")
    if fits:
        assert read_target(config, "dev").stack == stack
    else:
        with pytest.raises(TargetError, match="its buckets are called by it"):
            read_target(config, "dev")


@pytest.mark.parametrize("region", ["ap-northeast-1", "us-east-1"])
def test_a_topic_of_another_region_is_refused_for_no_alarm_would_reach_it(tmp_path: Path, region: str) -> None:
    config, topic = filled(tmp_path), f"arn:aws:sns:{region}:123456789012:on-call"
    given = f"IntakeConcurrency=2 OwnAlertsTopicArn={topic}"
    config.write_text(config.read_text(encoding="utf-8").replace("IntakeConcurrency=2", given), encoding="utf-8")
    if region == "ap-northeast-1":
        assert read_target(config, "dev").overrides["OwnAlertsTopicArn"] == topic
    else:
        with pytest.raises(TargetError, match="reach no topic elsewhere"):
            read_target(config, "dev")


# The longest name that each service takes.
LONGEST = {
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::Serverless::Function": ("FunctionName", 64),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::Serverless::StateMachine": ("Name", 80),
    "AWS::DynamoDB::Table": ("TableName", 255),
}


@pytest.mark.parametrize("kind", LONGEST)
def test_the_longest_name_of_a_stack_makes_no_name_too_long(kind: str) -> None:
    key, most = LONGEST[kind]
    named = [one["Properties"][key]["Fn::Sub"] for _, one in of_type(template_of(ROOT / "template.yaml"), kind)]
    assert named
    for text in named:
        name = text.replace("${AWS::StackName}", "s" * 42).replace("${AWS::AccountId}", "1" * 12)
        assert "$" not in name
        assert len(name) <= most, name


def test_overrides_are_read_as_they_are_written() -> None:
    assert overrides("A=1  B=x=y") == {"A": "1", "B": "x=y"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for place in SHARED:
        source, copy = ROOT / place, tmp_path / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    return tmp_path


def test_the_same_files_have_the_same_name_wherever_they_lie(tree: Path) -> None:
    assert release_of(tree) == release_of(ROOT)


@pytest.mark.parametrize("place", SHARED)
def test_whatever_gate_dags_and_job_share_makes_another_release(tree: Path, place: str) -> None:
    before = release_of(tree)
    shared = tree / place
    path = shared if shared.is_file() else min(one for end in ("py", "yaml") for one in shared.rglob(f"*.{end}"))
    path.write_bytes(path.read_bytes() + b"\n")
    assert release_of(tree) != before


def test_what_a_deployment_itself_writes_is_no_part_of_the_name(tree: Path) -> None:
    before = release_of(tree)
    (tree / "dags/suimon_etl/release.txt").write_text(before)
    (tree / "dags/suimon_etl/__pycache__").mkdir(exist_ok=True)
    (tree / "dags/suimon_etl/__pycache__/x.pyc").write_bytes(b"x")
    assert release_of(tree) == before

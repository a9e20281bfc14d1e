"""Put Suimon into the twin as into an account: real SAM CLI, unchanged template, and what surrounds the stack."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.function_python import function_python
from local.isolation import clean_environment
from local.supervisor import MARK, OWNER_ONLY, tail
from local.twin import Keys, Twin
from suimon.dataset.dag_folder import generated
from suimon.dataset.folder import datasets_below, datasets_root
from suimon.dataset.release import Release, read_release
from suimon.warehouse import ddl
from suimon.warehouse.data_api import Warehouse, run

_CONFIG: Final = "local"
STACK: Final = "suimon-local"
# The parameters' values for `local` in samconfig.toml: the twin's warehouse has one workgroup, called like the stack.
DATABASE: Final = "analytics"
DAG_BUCKET: Final = f"{STACK}-dags"
# Everybody but the account's owner, and the stack's output that names the one policy they get.
PRINCIPALS: Final = {
    "airflow": "DagPolicyArn",
    "upstream": "UpstreamPolicyArn",
    "operator": "OperatorPolicyArn",
    "viewer": "ViewerPolicyArn",
}
# Who only reads the warehouse's tables: what that takes of the Data API, and to read where the warehouse is.
ANALYST: Final = "analyst"
_ASKING: Final = (
    "redshift-data:ExecuteStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
    "redshift-serverless:GetCredentials",
    "cloudformation:DescribeStacks",
)
_TABLES: Final = "tables.json"  # of the twin's runtime folder
_BUILD_SECONDS: Final = 600
_DEPLOY_SECONDS: Final = 600


class DeployError(Exception):
    """The stack could not be built or deployed; the message holds the last lines of the log."""


def build(twin: Twin) -> None:
    """Run `sam build` on the unchanged template, into a folder of this twin: another one may be built meanwhile.

    Artifacts are for the Python that functions run on here.
    """
    _sam(
        twin,
        "sam-build",
        ["build", *_config(twin), "--build-dir", str(built(twin))],
        _BUILD_SECONDS,
        SUIMON_BUILD_FOR=str(function_python()),
    )


def deploy(twin: Twin, stack: str = STACK) -> dict[str, str]:
    """Run `sam deploy` with the environment `local` of samconfig.toml and return the stack's outputs."""
    root = twin.principals["root"]
    _sam(
        twin,
        "sam-deploy",
        ["deploy", *_config(twin), "--template-file", str(built(twin) / "template.yaml"), "--stack-name", stack],
        _DEPLOY_SECONDS,
        SAM_CLI_POLL_DELAY="0.5",  # seconds; made for CloudFormation's pace, which is not MiniStack's
        AWS_ACCESS_KEY_ID=root.access_key_id,
        AWS_SECRET_ACCESS_KEY=root.secret_access_key,
    )
    [found] = twin.session().client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def _config(twin: Twin) -> tuple[str, ...]:
    # By its path: the SAM CLI looks for it beside the template.
    return ("--config-file", str(twin.root / "samconfig.toml"), "--config-env", _CONFIG)


def built(twin: Twin) -> Path:
    """Return where the artifacts lie that were deployed."""
    return twin.runtime / "build"


def create_principals(twin: Twin) -> dict[str, Keys]:
    """Create the IAM users of the twin, without any right as yet, and return their keys beside root's."""
    iam = twin.session().client("iam")
    keys = dict(twin.principals)
    for name in (*PRINCIPALS, ANALYST):
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys[name] = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    return keys


def grant(twin: Twin, outputs: Mapping[str, str]) -> None:
    """Attach to each principal the one policy of the stack, named by its `outputs`, that is made for it.

    Raises:
        DeployError: the stack has no such output.

    """
    iam = twin.session().client("iam")
    for name, output in PRINCIPALS.items():
        if output not in outputs:
            raise DeployError(f"The stack {STACK} has no output {output}; the user {name} needs that policy.")
        iam.attach_user_policy(UserName=name, PolicyArn=outputs[output])
    # No policy of the stack's: who reads tables is the warehouse owner's to say.
    asks = {"Effect": "Allow", "Action": list(_ASKING), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [asks]})
    iam.put_user_policy(UserName=ANALYST, PolicyName="ask-the-warehouse", PolicyDocument=policy)


def create_dag_bucket(twin: Twin) -> str:
    """Create the bucket from which MWAA takes DAGs (versioned, as MWAA demands) and fill it."""
    s3 = twin.session().client("s3")
    s3.create_bucket(
        Bucket=DAG_BUCKET,
        CreateBucketConfiguration={"LocationConstraint": twin.session().region_name},  # type: ignore[typeddict-item] # one of the stub's literals
    )
    s3.put_bucket_versioning(Bucket=DAG_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    upload_dags(twin)
    return DAG_BUCKET


def upload_dags(twin: Twin) -> None:
    """Put `dags/` into the DAG bucket, with what is generated of the datasets that this twin deploys."""
    s3, folder = twin.session().client("s3"), twin.root / "dags"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in dag_files(folder)}
    files |= {name: text.encode() for name, text in generated(release_of(twin)).items()}
    for name, content in files.items():
        s3.put_object(Bucket=DAG_BUCKET, Key=f"dags/{name}", Body=content)


def create_tables(twin: Twin) -> None:
    """Create the warehouse's tables and let their users, as `suimon warehouse create` does with both --grant options.

    A user of IAM's exists in Redshift from its first statement on.
    """
    root, target = twin.session(), Warehouse(database=DATABASE, workgroup_name=STACK)
    reader = root.client("iam").get_role(RoleName=physical_name(twin, "FreshnessRole"))["Role"]
    for session in (twin.session("airflow"), twin.session(ANALYST), twin.role_session(reader["Arn"])):
        run(session.client("redshift-data"), target, "SELECT 1")
    tables = release_of(twin).tables
    granted = ddl.grants(
        DATABASE, tables, loaders=["IAM:airflow"], readers=[f"IAM:{ANALYST}", f"IAMR:{reader['RoleName']}"]
    )
    ddl.create(root.client("redshift-data"), target, tables, granted=granted)
    (twin.runtime / _TABLES).write_text(json.dumps(dict(tables)), encoding="utf-8")


def created_tables(twin: Twin) -> dict[str, str]:
    """Return the CREATE TABLE by which each table of the twin was made."""
    path = twin.runtime / _TABLES
    made: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return made


def physical_name(twin: Twin, logical: str, stack: str = STACK) -> str:
    """Return the name of a resource of a stack."""
    client = twin.session().client("cloudformation")
    found = client.describe_stack_resource(StackName=stack, LogicalResourceId=logical)["StackResourceDetail"]
    return found["PhysicalResourceId"]


def release_of(twin: Twin) -> Release:
    """Read the datasets that this twin deploys: those of the clone, or those that SUIMON_DATASETS names."""
    return read_release(datasets_below(datasets_of(twin)))


def datasets_of(twin: Twin) -> Path:
    """Return the folder of the datasets that this twin deploys."""
    return datasets_root(os.environ, twin.root / "datasets")


def dag_files(folder: Path) -> list[Path]:
    """List what `aws s3 sync dags/` would upload, without Python's caches."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    )


def _sam(twin: Twin, name: str, arguments: list[str], seconds: float, **extra: str) -> None:
    home = twin.runtime / "sam"
    _quiet(home)
    environment = clean_environment(
        os.environ, twin.endpoint(), SAM_CLI_TELEMETRY="0", __SAM_CLI_APP_DIR=str(home), **extra
    )
    sam = str(twin.root / ".suimon" / "envs" / "sam" / "bin" / "sam")
    _run(twin, name, [sam, *arguments], environment, seconds)


def _quiet(home: Path) -> None:
    """Make a settings folder for the SAM CLI alone, in which it has just looked for a newer version.

    It has no switch for that look, which asks a package index once a week.
    """
    home.mkdir(parents=True, exist_ok=True)
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (home / "metadata.json").write_text(json.dumps(settings))


def _run(twin: Twin, name: str, argv: list[str], environment: Mapping[str, str], seconds: float) -> None:
    log = twin.log(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                argv,
                env={**environment, MARK: twin.mark},
                cwd=twin.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                umask=OWNER_ONLY,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DeployError(f"{name} took longer than {seconds:.0f} s:\n{tail(log)}") from None
    if done.returncode:
        raise DeployError(f"{name} failed (exit {done.returncode}). The last lines of {log}:\n{tail(log, 30)}")

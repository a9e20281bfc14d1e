"""The Redshift endpoint on a free port, with a folder for S3 and a list of denied actions for IAM."""

from __future__ import annotations

import contextlib
import re
import shutil
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from local.endpoints import AccessDenied, Caller
from local.redshift.errors import RedshiftError
from local.redshift.objects import Objects, StoredObject
from local.redshift.server import Place, application
from local.redshift.service import DataApi
from local.redshift.targets import Names
from local.redshift.warehouse import Warehouse, open_warehouse
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

ACCOUNT = "111122223333"
COPY_ROLE = f"arn:aws:iam::{ACCOUNT}:role/copy"
NOW = datetime(2026, 11, 22, 1, 2, 3, 456, tzinfo=UTC)
SECRET = f"arn:aws:secretsmanager:ap-northeast-1:{ACCOUNT}:secret:warehouse-a1b2c3"
SECRETS = {SECRET: '{"username": "loader", "password": "x"}', "empty": "{}", "text": "loader:x"}
WHERE: dict[str, Any] = {"Database": "analytics", "WorkgroupName": "suimon-local"}
RUNNING = {"SUBMITTED", "PICKED", "STARTED"}


@dataclass
class FolderObjects:
    """S3 as a folder: `<root>/<bucket>/<key>`."""

    root: Path

    def under(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        for path in sorted((self.root / bucket).rglob("*")):
            key = path.relative_to(self.root / bucket).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield StoredObject(key, path.stat().st_size)

    def fetch(self, bucket: str, key: str, path: Path) -> None:
        shutil.copy(self.root / bucket / key, path)


@dataclass
class Iam:
    """Who calls is what the access key says: `user.NAME` or `role.NAME.SESSION`; what is in `denied` nobody may do."""

    denied: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    contexts: list[Mapping[str, str]] = field(default_factory=list)

    def authorize(
        self, headers: Any, method: str, target: str, body: bytes, action: str, arn: str, context: Mapping[str, str], /
    ) -> Caller:
        assert (method, target) == ("POST", "/")
        assert body
        self.asked.append((action, arn))
        self.contexts.append(context)
        if action in self.denied:
            raise AccessDenied(f"not authorized to perform: {action}")
        found = re.search(r"Credential=([^/]+)/", dict(headers)["authorization"])
        assert found
        kind, _, name = found[1].partition(".")
        if kind == "role":
            return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{name.replace('.', '/')}", ACCOUNT, f"AROA:{name}")
        if kind == "root":
            return Caller(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)
        return Caller(f"arn:aws:iam::{ACCOUNT}:user/{name}", ACCOUNT, f"AIDA{name}")


@dataclass
class Endpoint:
    """A running endpoint and what a test may look at behind it."""

    url: str
    warehouse: Warehouse
    iam: Iam
    bucket: Path
    staging: Path
    _clients: dict[str, RedshiftDataAPIServiceClient] = field(default_factory=dict)

    def client(self, caller: str = "user.loader") -> RedshiftDataAPIServiceClient:
        """Return the one client of a caller: to make another takes longer than most statements."""
        if caller not in self._clients:
            self._clients[caller] = boto3.client(
                "redshift-data",
                endpoint_url=self.url,
                region_name="ap-northeast-1",
                aws_access_key_id=caller,
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[caller]

    def run(self, *sqls: str, **parameters: str) -> dict[str, Any]:
        """Run a statement, or several as a batch, to the end and give its description."""
        client = self.client()
        where = dict(WHERE)
        if parameters:
            where["Parameters"] = [{"name": name, "value": value} for name, value in parameters.items()]
        if len(sqls) == 1:
            statement_id = client.execute_statement(Sql=sqls[0], **where)["Id"]
        else:
            statement_id = client.batch_execute_statement(Sqls=list(sqls), **where)["Id"]
        return self.ended(statement_id)

    def ended(self, statement_id: str) -> dict[str, Any]:
        """Return a statement's description once it has ended."""

        def description() -> dict[str, Any] | None:
            described = dict(self.client().describe_statement(Id=statement_id, WaitTimeSeconds=20))
            return None if described["Status"] in RUNNING else described

        return eventually(description, f"the end of {statement_id}")

    def rows(self, sql: str, **parameters: str) -> list[list[Any]]:
        """Run a SELECT and give its rows."""
        description = self.run(sql, **parameters)
        assert description["Status"] == "FINISHED", description.get("Error")
        result = self.client().get_statement_result(Id=description["Id"])
        return [[None if "isNull" in cell else next(iter(cell.values())) for cell in row] for row in result["Records"]]

    def begin(self, *sqls: str) -> str:
        """Send a batch and return its id once its last statement runs or waits."""
        batch_id = self.client().batch_execute_statement(Sqls=list(sqls), **WHERE)["Id"]
        last = f"{batch_id}:{len(sqls)}"
        eventually(lambda: self.client().describe_statement(Id=last)["Status"] == "STARTED", f"the start of {last}")
        return batch_id

    def count(self) -> Any:
        """Return how many rows the table `t` of `with_ten_rows` has."""
        return self.rows("SELECT COUNT(*) FROM t")[0][0]

    def error(self, *sqls: str, **parameters: str) -> str:
        """Run what must fail and give its error."""
        description = self.run(*sqls, **parameters)
        assert description["Status"] == "FAILED", description
        return str(description["Error"])


@contextlib.contextmanager
def endpoint(
    folder: Path, names: Names | None = None, now: datetime | None = NOW, *, serializable: bool = False
) -> Iterator[Endpoint]:
    """Serve the endpoint with a database in `folder`; the clock stands still at `now`, or goes when that is None."""
    (folder / "s3" / "lake").mkdir(parents=True, exist_ok=True)
    folder_objects = FolderObjects(folder / "s3")

    def open_objects(role_arn: str) -> Objects:
        if role_arn != COPY_ROLE:
            raise RedshiftError(f"Redshift is not authorized to assume IAM Role {role_arn}")
        return folder_objects

    warehouse = open_warehouse(
        folder / "warehouse.duckdb",
        folder / "staging",
        "ap-northeast-1",
        open_objects,
        lambda: now or datetime.now(UTC),
        serializable=serializable,
    )
    iam = Iam()
    api = DataApi(names or Names(), warehouse, SECRETS.__getitem__)
    app = application(api, iam.authorize, Place("ap-northeast-1", lambda: ACCOUNT))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, "the server's start", pause=0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Endpoint(f"http://127.0.0.1:{port}", warehouse, iam, folder / "s3" / "lake", folder / "staging")
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        warehouse.close()


@contextlib.contextmanager
def with_ten_rows(folder: Path, *, serializable: bool = False) -> Iterator[Endpoint]:
    """Serve the endpoint with the numbers 0 to 9 in the column `d` of a table `t`."""
    with endpoint(folder, serializable=serializable) as running:
        rows = "INSERT INTO t VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)"
        assert running.run("CREATE TABLE t (d BIGINT)", rows).get("Error") is None
        yield running


def refused(call: Callable[[], object]) -> tuple[str, str]:
    """Return the code and message of a call that AWS refuses."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]

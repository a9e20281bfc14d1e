"""`python -m local.redshift --port P`: the Data API on loopback, configured by environment variables."""

from __future__ import annotations

import argparse
import functools
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from botocore.exceptions import ClientError

from local import endpoints
from local.loopback import refuse_connections
from local.redshift.objects import open_as_role
from local.redshift.server import Place, application
from local.redshift.service import DataApi
from local.redshift.targets import Names
from local.redshift.warehouse import open_warehouse


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m local.redshift")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    refuse_connections()
    runtime = Path(os.environ["SUIMON_TWIN_DIR"])
    region = os.environ.get("AWS_REGION", "ap-northeast-1")
    known = Names()
    names = Names(
        database=os.environ.get("SUIMON_REDSHIFT_DATABASE") or known.database,
        workgroup=os.environ.get("SUIMON_REDSHIFT_WORKGROUP") or known.workgroup,
        cluster=os.environ.get("SUIMON_REDSHIFT_CLUSTER", ""),
        workgroup_id=os.environ.get("SUIMON_REDSHIFT_WORKGROUP_ID") or known.workgroup_id,
    )
    staging = runtime / "redshift-staging"
    shutil.rmtree(staging, ignore_errors=True)  # of an endpoint that was killed in a COPY
    warehouse = open_warehouse(runtime / "warehouse.duckdb", staging, region, open_as_role, lambda: datetime.now(UTC))
    try:
        app = application(
            DataApi(names, warehouse, _secret), endpoints.authorize, Place(region, functools.cache(_account))
        )
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    finally:
        warehouse.close()


def _account() -> str:
    return str(endpoints.root_session().client("sts").get_caller_identity()["Account"])


def _secret(name: str) -> str:
    """Read a secret; whether the caller may has been asked before."""
    try:
        return str(endpoints.root_session().client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    except ClientError as error:
        raise endpoints.AwsError("ValidationException", f"The secret {name} cannot be read: {error}") from error


if __name__ == "__main__":
    main()

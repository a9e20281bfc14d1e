"""Run the twin's MWAA: `python -m local.mwaa --port P`, configured by environment variables."""

import argparse
import functools
import logging
import os
import time
from pathlib import Path

import uvicorn

from local.airflow.site import AIRFLOW_VERSION, signing_secret
from local.endpoints import authorize, root_session
from local.loopback import refuse_connections
from local.mwaa.dag_sync import DagSync
from local.mwaa.endpoint import REQUESTS_PER_SECOND, Environment, RequestRate, create_app
from local.mwaa.webserver import WebServer


def main() -> None:
    """Serve on 127.0.0.1 until told to end."""
    parser = argparse.ArgumentParser(prog="python -m local.mwaa")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    refuse_connections()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    runtime = Path(os.environ["SUIMON_TWIN_DIR"])
    home = runtime / "airflow"
    session = root_session()

    @functools.cache
    def account() -> str:
        return session.client("sts").get_caller_identity()["Account"]

    environment = Environment(
        name=os.environ.get("SUIMON_MWAA_ENVIRONMENT", "suimon-local"),
        region=os.environ["AWS_REGION"],
        account=account,
        airflow_version=AIRFLOW_VERSION,
        airflow_url=os.environ["SUIMON_AIRFLOW_URL"],
        dag_bucket=os.environ["SUIMON_DAG_BUCKET"],
        runtime=runtime,
    )
    app = create_app(
        environment,
        WebServer(environment.airflow_url, lambda: signing_secret(home), time.time),
        authorize,
        RequestRate(REQUESTS_PER_SECOND, time.monotonic),
        background=DagSync(session.client("s3"), environment.dag_bucket, home / "dags").forever,
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


main()

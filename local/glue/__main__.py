"""`python -m local.glue --port P`: the twin's Glue, set up by the environment that the supervisor gives it."""

import argparse
import functools
import logging
import os
import threading
import time
from pathlib import Path

import boto3
import uvicorn
from starlette.applications import Starlette

from local.endpoints import authorize, role_session, root_session
from local.glue.archive import ClassArchive
from local.glue.endpoint import Glue, application
from local.glue.jobs import deployed_job
from local.glue.runner import Runner
from local.glue.runs import RunBook
from local.loopback import refuse_connections, refuse_unless_loopback


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m local.glue", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    refuse_connections()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    runtime = Path(os.environ["SUIMON_TWIN_DIR"])
    logging.getLogger("botocore").setLevel(logging.WARNING)
    archive = ClassArchive(runtime.parent)
    threading.Thread(target=archive.build, daemon=True).start()
    endpoint = refuse_unless_loopback(os.environ["AWS_ENDPOINT_URL"])
    served = serve(runtime, endpoint, os.environ["AWS_REGION"], archive)
    uvicorn.run(served, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=5)
    archive.close()


def serve(runtime: Path, endpoint: str, region: str, archive: ClassArchive) -> Starlette:
    """Put the endpoint together: jobs, roles and policies are those of the twin's AWS at `endpoint`."""
    root = root_session()

    @functools.cache
    def account() -> str:
        return root.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]

    def session_of(role: str) -> boto3.Session:
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{account()}:role/{role}"
        return role_session(arn, "GlueJobRunnerSession", "glue.amazonaws.com")

    logs = runtime / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    book = RunBook(runtime / "glue" / "runs", time.time)
    glue = Glue(
        jobs=functools.partial(deployed_job, root, endpoint),
        book=book,
        runner=Runner(book, runtime, endpoint, session_of, java_options=archive.java_options),
        logs=logs,
        clock=time.time,
    )
    return application(glue, authorize, lambda name: f"arn:aws:glue:{region}:{account()}:job/{name}")


if __name__ == "__main__":
    main()

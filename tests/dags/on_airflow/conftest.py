"""A metadata database of its own and an AWS of its own, both made before Airflow is imported."""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

DAGS = Path(__file__).parents[3] / "dags"
_home = tempfile.TemporaryDirectory(prefix="suimon-airflow-")

# Airflow reads these when it is imported. Nothing of the user's own AWS or Airflow set-up may count, and an address
# that nobody serves stands where fake_aws has not put its own.
for _name in [name for name in os.environ if name.startswith(("AWS_", "AIRFLOW_", "_AIRFLOW_"))]:
    del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": _home.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__API__BASE_URL": "https://airflow.example",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "ap-northeast-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    from tests.dags.on_airflow.fake_aws import FakeAws


@pytest.fixture(scope="session", autouse=True)
def _isolated() -> None:
    """Stand in for the one of all tests, which would take away what is set above."""


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    """Make Airflow's tables, once."""
    from airflow.utils.db import initdb  # noqa: PLC0415 after the environment is set

    initdb()
    yield
    _home.cleanup()


@pytest.fixture(scope="session", autouse=True)
def one_task_api(database: None) -> Iterator[None]:  # noqa: ARG001 the tables must be there first
    """Make Airflow's API for tasks once, as 3.3.1 does: `dag.test` of 3.2.1 makes one for every task, for seconds."""
    from airflow.sdk.execution_time import supervisor  # noqa: PLC0415 as above

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor, "in_process_api_server", cache(supervisor.in_process_api_server))
        yield


@pytest.fixture(autouse=True)
def exception_in_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pass callbacks the exception, as a worker does: `dag.test` of 3.2.1 leaves that line of the worker's out."""
    from airflow.sdk.execution_time import task_runner  # noqa: PLC0415 as above

    finalize = task_runner.finalize

    def with_exception(ti: Any, state: Any, context: Any, log: Any, error: Any = None) -> None:
        context["exception"] = error
        finalize(ti, state, context, log, error)

    monkeypatch.setattr(task_runner, "finalize", with_exception)


@pytest.fixture(scope="session")
def dags(database: None) -> dict[str, DAG]:  # noqa: ARG001 the tables must be there first
    """The DAGs as Airflow loads them from their folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager  # noqa: PLC0415 as above
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db  # noqa: PLC0415 as above

    bag = BundleDagBag(dag_folder=DAGS, bundle_path=DAGS, bundle_name="dags-folder")
    assert not bag.import_errors
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(bag, "dags-folder", None)
    return dict(bag.dags)


@pytest.fixture
def dag(dags: dict[str, DAG]) -> DAG:
    """The one of sales, for what all have in common."""
    return dags["daily_sales_etl"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Serve an AWS that holds what the Glue job leaves of sales."""
    from tests.dags.on_airflow.fake_aws import FakeAws, serve  # noqa: PLC0415 as above
    from tests.dags.on_airflow.whole_runs import parquet  # noqa: PLC0415 as above

    fake = FakeAws()
    fake.objects = parquet("sales")
    server = serve(fake)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield fake
    server.shutdown()
    server.server_close()
    assert not fake.unknown


@pytest.fixture
def run(dags: dict[str, DAG], conf: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., DagRun]:
    """Run the whole DAG of the dataset as the gate opens it, without waiting between tries."""
    from tests.dags.on_airflow.whole_runs import DATASETS  # noqa: PLC0415 as above

    def run_once(retries: int = 0, **changed: Any) -> DagRun:
        dag = dags[DATASETS[(conf | changed)["dataset"]]]
        for task in dag.tasks:
            monkeypatch.setattr(task, "retries", retries)
            monkeypatch.setattr(task, "retry_delay", timedelta(0))
            monkeypatch.setattr(task, "retry_exponential_backoff", 0)
        return dag.test(run_conf=conf | changed, logical_date=None)

    return run_once

"""The real Airflow of MWAA's version, as the twin runs it: four processes, SQLite, loopback only, ready in seconds.

`airflow_parts` writes AIRFLOW_HOME and tells the supervisor what to start; `local.airflow.run` is what it starts.
"""

import base64
import configparser
import contextlib
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from local.airflow import own_tmp
from local.isolation import clean_environment
from local.loopback import build_wall
from local.supervisor import READY_SECONDS, Part
from local.twin import Twin

# Loopback is never behind a proxy, whatever the shell says.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# As in requirements/airflow.in; `local.airflow.run` refuses another one.
AIRFLOW_VERSION: Final = "3.3.1"

# Component -> its arguments. The log servers would listen on every interface; all processes share one log folder here,
# so that nobody needs them.
COMPONENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


class AirflowError(Exception):
    """Airflow could not be set up, or does not know a DAG; the message says what to look at."""


@dataclass(frozen=True)
class AirflowSite:
    """Where one Airflow lives: its environment (`env`, with bin/airflow), its AIRFLOW_HOME and its loopback port."""

    env: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        """The address of user interface and API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def dags(self) -> Path:
        """The folder that the sync from the DAG bucket fills."""
        return self.home / "dags"

    @property
    def plugins(self) -> Path:
        """Where Airflow imports plugins from, as from MWAA's plugins.zip; empty unless somebody puts one there."""
        return self.home / "plugins"

    @property
    def wall(self) -> Path:
        """What keeps Airflow's processes on this machine, and nothing else."""
        return self.home / "wall"

    @property
    def config(self) -> Path:
        """Airflow's own configuration file, which also holds the signing secrets."""
        return self.home / "airflow.cfg"

    @property
    def credentials(self) -> Path:
        """The AWS credentials of tasks, written once the stack is there."""
        return self.home / "aws_credentials"


def site_of(twin: Twin) -> AirflowSite:
    """Return the Airflow of `twin`."""
    return AirflowSite(twin.root / ".suimon/envs/airflow", twin.airflow_home, twin.ports["airflow"])


def airflow_parts(twin: Twin) -> tuple[Part, ...]:
    """Write AIRFLOW_HOME and give Airflow's four processes, which wait for nobody: not even for the twin's AWS.

    With two cores all four are ready after about 15 s, 25 s when bytecode and database template are still to be made.
    """
    site = site_of(twin)
    prepare(site)
    environment = clean_environment(os.environ, **task_environment(site, twin.endpoints()))
    probes = readiness(site, since=datetime.now(UTC))
    return tuple(
        Part(
            name=f"airflow-{component}",
            argv=(sys.executable, "-m", "local.airflow.run", component, str(site.env)),
            env=environment,
            ready=probes[component],
            timeout=READY_SECONDS,
        )
        for component in COMPONENTS
    )


def prepare(site: AirflowSite) -> None:
    """Write AIRFLOW_HOME: folders, configuration, and secrets that stay the same from one start to the next."""
    for folder in (site.dags, site.plugins, site.home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    build_task_wall(site.wall)
    config = configparser.ConfigParser(interpolation=None)
    settings = _settings(site, _secrets(site.config))
    for section, options in settings.items():
        # Airflow takes a % for the start of a reference to another option; a folder's name may hold one.
        config[section] = {name: value.replace("%", "%%") for name, value in options.items()}
    with replacing(site.config) as file, file.open("w") as text:
        text.write("# Written by local/airflow/site.py at every start.\n")
        config.write(text)


def build_task_wall(folder: Path) -> None:
    """Keep Airflow's processes on this machine, and each task's files in /tmp from the others."""
    build_wall(folder)
    with (folder / "sitecustomize.py").open("a", encoding="utf-8") as customize:
        customize.write(Path(own_tmp.__file__).read_text(encoding="utf-8"))


def task_environment(site: AirflowSite, endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of Airflow's processes, and so of tasks; `endpoints` are the AWS_ENDPOINT_URL* ones."""
    return {
        "AIRFLOW_HOME": str(site.home),
        **endpoints,
        # The keys exist only after the deployment. botocore reads this file when a task makes its client, so that
        # Airflow can start meanwhile and never needs a restart.
        "AWS_SHARED_CREDENTIALS_FILE": str(site.credentials),
        # MWAA's database has this default connection; without it every AWS task logs a warning.
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        # Airflow renames its processes, which by default overwrites the environment where the supervisor looks for
        # its mark: a dead scheduler's workers could not be found any more.
        "SPT_NOENV": "1",
        # Forked tasks on macOS would otherwise die inside Apple's libraries.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
        "SCARF_ANALYTICS": "false",
        # Found before anything else by every Python process of Airflow's, tasks included: see local/loopback.py.
        "PYTHONPATH": str(site.wall),
        # Production's first retry comes after five minutes; nobody waits for that here.
        "SUIMON_RETRY_SECONDS": "5",
    }


def write_task_credentials(site: AirflowSite, access_key_id: str, secret_access_key: str) -> None:
    """Hand tasks the keys of the principal that has the DAG policy and nothing else; the next task uses them."""
    with replacing(site.credentials) as file:
        file.write_text(
            f"[default]\naws_access_key_id = {access_key_id}\naws_secret_access_key = {secret_access_key}\n"
        )


def signing_secret(home: Path) -> str:
    """Return the secret with which this Airflow signs and checks its API tokens (HS512)."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(home / "airflow.cfg")
    return config.get("api_auth", "jwt_secret")


def readiness(site: AirflowSite, since: datetime) -> dict[str, Callable[[], bool]]:
    """Return each component's probe; heartbeats before `since` are an earlier start's and do not count."""

    def api_server() -> bool:
        # The task API builds its routes at its first request, for about four seconds. The first task would wait for
        # it, so the probe does.
        # Without a header of its own, all-admins adds one to the request that this part of Airflow then warns about.
        return _answer(f"{site.url}/execution/health", timeout=30, authorization="none") is not None

    def heartbeat_of(component: str) -> Callable[[], bool]:
        def beats() -> bool:
            health = _answer(f"{site.url}/api/v2/monitor/health", timeout=5) or {}
            state = health.get(component) or {}
            last = state.get(f"latest_{component}_heartbeat")
            return state.get("status") == "healthy" and last is not None and datetime.fromisoformat(last) >= since

        return beats

    return {
        "api-server": api_server,
        "scheduler": heartbeat_of("scheduler"),
        "dag-processor": heartbeat_of("dag_processor"),
        "triggerer": heartbeat_of("triggerer"),
    }


def unpause(site: AirflowSite, dag_ids: Collection[str], timeout: float) -> None:
    """Wait until Airflow knows each DAG and unpause it: as in MWAA, DAGs are paused when they first appear.

    Raises:
        AirflowError: a DAG did not appear within `timeout` seconds; the message holds the import errors.

    """
    deadline = time.monotonic() + timeout
    for dag_id in dag_ids:
        while not _unpaused(site, dag_id):
            if time.monotonic() > deadline:
                raise AirflowError(_why_missing(site, dag_id, timeout))
            time.sleep(0.25)


def _settings(site: AirflowSite, kept: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Airflow's options that differ from its defaults, by section."""
    return {
        "core": {
            "dags_folder": str(site.dags),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "default_timezone": "utc",
            "simple_auth_manager_all_admins": "True",  # the user interface asks for no password on loopback
            "execution_api_server_url": f"{site.url}/execution/",
            "fernet_key": kept["fernet_key"],
            "hostname_callable": "socket.gethostname",  # the default asks DNS, which takes seconds on some machines
        },
        "database": {
            # Four processes write; sqlite3 would give up on a lock after 5 s.
            "sql_alchemy_conn": f"sqlite:///{site.home}/airflow.db?timeout=30",
        },
        "api": {
            "host": "127.0.0.1",
            "port": str(site.port),
            "base_url": site.url,
            "workers": "1",
            "secret_key": kept["secret_key"],
        },
        "api_auth": {"jwt_secret": kept["jwt_secret"]},
        "logging": {"base_log_folder": str(site.home / "logs")},
        "scheduler": {
            # Latency as people see it on MWAA's larger machines, not more.
            "scheduler_idle_sleep_time": "0.2",
            # Production takes a worker for dead after five minutes of silence; nobody waits for that here.
            "task_instance_heartbeat_timeout": "60",
        },
        "dag_processor": {
            "refresh_interval": "2",
            "bundle_refresh_check_interval": "1",
            "parsing_processes": "1",
        },
        "usage_data_collection": {"enabled": "False"},
    }


def _secrets(config_file: Path) -> dict[str, str]:
    """The secrets of `config_file`, or new ones: tokens and encrypted values outlive a restart."""
    old = configparser.ConfigParser(interpolation=None)
    old.read(config_file)
    return {
        "fernet_key": old.get(
            "core", "fernet_key", fallback=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        ),
        "secret_key": old.get("api", "secret_key", fallback=secrets.token_hex(32)),
        "jwt_secret": old.get("api_auth", "jwt_secret", fallback=secrets.token_hex(64)),
    }


def _unpaused(site: AirflowSite, dag_id: str) -> bool:
    answer = _answer(
        f"{site.url}/api/v2/dags/{quote(dag_id, safe='')}", timeout=10, method="PATCH", body={"is_paused": False}
    )
    return answer is not None and answer["is_paused"] is False


def _why_missing(site: AirflowSite, dag_id: str, timeout: float) -> str:
    errors = (_answer(f"{site.url}/api/v2/importErrors", timeout=10) or {}).get("import_errors", [])
    told = "\n".join(f"{error['filename']}: {error['stack_trace']}" for error in errors)
    return f"Airflow did not know the DAG {dag_id!r} after {timeout:.0f} s. " + (
        f"Its import errors:\n{told}" if told else f"No import errors; is its file in {site.dags}?"
    )


def _answer(
    url: str, timeout: float, method: str = "GET", body: Any = None, authorization: str = ""
) -> dict[str, Any] | None:
    """Airflow's JSON, or None when it is not there (yet) or says no."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
    request = urllib.request.Request(  # noqa: S310 every URL here is http on 127.0.0.1
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
    )
    try:
        with _DIRECT.open(request, timeout=timeout) as response:
            answer: dict[str, Any] = json.load(response)
    except (urllib.error.URLError, OSError, json.JSONDecodeError):
        return None
    return answer


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file beside `path`, readable by its owner only, that takes its place when it is complete."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.touch(mode=0o600)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)

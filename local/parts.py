"""Which processes make a twin, and with which environment each of them runs."""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

from local.isolation import REGION, clean_environment
from local.supervisor import READY_SECONDS, Part
from local.twin import Twin

# Loopback is never behind a proxy, whatever the shell says.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def cloud_part(twin: Twin) -> Part:
    """MiniStack, by its own Python; the addresses of the neighbours reach the functions through its environment."""
    work = twin.runtime / "cloud"
    temporary = work / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(
        os.environ,
        twin.endpoint(),
        **twin.endpoints(),
        **_root_keys(twin),
        SUIMON_TWIN_DIR=str(twin.runtime),
        AUTH="true",
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=REGION,
        GATEWAY_PORT=str(twin.ports["cloud"]),
        LAMBDA_EXECUTOR="local",
        S3_DATA_DIR=str(work / "s3"),
        STATE_DIR=str(work / "state"),
        TMPDIR=str(temporary),
        # Its MQTT listener would take one fixed port on every interface.
        IOT_MTLS_ENABLED="0",
        # Nothing of the twin runs in containers; MiniStack shall not look for the user's.
        DOCKER_HOST="unix:///nonexistent",
    )
    python = str(twin.root / ".suimon" / "envs" / "ministack" / "bin" / "python")
    ready = answers(f"{twin.endpoint()}/_ministack/health")
    return Part("cloud", (python, "-m", "local.cloud"), environment, ready, timeout=READY_SECONDS)


def endpoint_parts(twin: Twin) -> tuple[Part, ...]:
    """The servers that stand in for what MiniStack lacks: MWAA, Glue and the Redshift Data API."""
    return (
        endpoint_part(twin, "mwaa", SUIMON_AIRFLOW_URL=twin.endpoint("airflow"), SUIMON_DAG_BUCKET=twin.dag_bucket),
        endpoint_part(twin, "glue"),
        endpoint_part(twin, "redshift"),
    )


def endpoint_part(twin: Twin, name: str, **extra: str) -> Part:
    """Describe one of our own servers: `python -m local.<name> --port <port>`, asked for its health at `/_health`."""
    environment = clean_environment(
        os.environ,
        twin.endpoint(),
        **twin.endpoints(),
        **_root_keys(twin),
        SUIMON_TWIN_DIR=str(twin.runtime),
        **extra,
    )
    argv = (sys.executable, "-m", f"local.{name}", "--port", str(twin.ports[name]))
    return Part(
        name, argv, environment, answers(f"{twin.endpoint(name)}/_health"), after=("cloud",), timeout=READY_SECONDS
    )


def answers(url: str) -> Callable[[], bool]:
    """Make a probe that asks once whether `url` answers 200 within a second."""

    def probe() -> bool:
        try:
            with _DIRECT.open(url, timeout=1) as response:
                return bool(response.status == 200)  # noqa: PLR2004 HTTP's "OK"
        except (urllib.error.URLError, OSError):
            return False

    return probe


def _root_keys(twin: Twin) -> dict[str, str]:
    root = twin.principals["root"]
    return {"AWS_ACCESS_KEY_ID": root.access_key_id, "AWS_SECRET_ACCESS_KEY": root.secret_access_key}

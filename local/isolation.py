"""Nothing of the twin, the demo or the tests ever reaches a real AWS account, whatever the user's shell holds.

Four walls, each enough on its own:

1. a child process gets an environment built from a short list of harmless variables, never the shell's own;
2. sessions get explicit throwaway keys, so that no profile, SSO cache, container or instance role is ever asked;
3. every session made here refuses, just before sending, a request to anything but this machine;
4. the servers, functions and Glue jobs of the twin refuse every connection that would leave it (`local/loopback.py`).
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import boto3
from botocore.config import Config

from local.loopback import refuse_unless_loopback

REGION: Final = "ap-northeast-1"

# What a program needs of the shell: where programs and temporary files are, the language, and how to reach a package
# index when `sam build` installs requirements. Everything else, above all AWS_*, stays outside.
_KEPT: Final = frozenset({
    "HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "SUIMON_DATASETS",
})  # fmt: skip
_KEPT_PREFIXES: Final = ("LC_", "PIP_", "UV_")
_LOOPBACK_NAMES: Final = "127.0.0.1,localhost,::1"

# Variables of the user's shell through which boto3 or the SAM CLI would find a real account or other people's set-up.
_FOREIGN_PREFIXES: Final = ("AWS_", "SAM_CLI_", "AIRFLOW_", "MINISTACK_", "LOCALSTACK_")
_FOREIGN: Final = frozenset({"BOTO_CONFIG", "ENDPOINT_URL", "PYTHONPATH", "PYTHONHOME"})

# Retries hide nothing here: an endpoint on loopback either answers or its part has died.
_CONFIG: Final = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"max_attempts": 2, "mode": "standard"},
    inject_host_prefix=False,  # "env." before MWAA's host would leave loopback
)


def clean_environment(shell: Mapping[str, str], endpoint: str | None = None, **extra: str) -> dict[str, str]:
    """Make the environment for a child process: harmless parts of `shell`, AWS closed off, then `extra`.

    Args:
        shell: the user's environment, normally os.environ.
        endpoint: address of the twin's AWS; without one, a port where nothing listens, so that a call fails at once.
        extra: variables of the part itself; they win.

    Raises:
        NotLoopbackError: when `endpoint` or an AWS_ENDPOINT_URL* in `extra` is not on this machine.

    """
    kept = {name: value for name, value in shell.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    environment = {**kept, **_closed(shell, endpoint), **extra}
    for name, value in environment.items():
        if name.startswith("AWS_ENDPOINT_URL"):
            refuse_unless_loopback(value)
    return environment


def isolate_process(environment: MutableMapping[str, str], endpoint: str | None = None) -> None:
    """Close AWS off in the running process itself (`environment` is os.environ): for entry points and conftest."""
    for name in list(environment):
        if name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN:
            del environment[name]
    environment.update(_closed(environment, endpoint))


class _TwinSession(boto3.Session):
    """A session whose clients go to the twin's addresses instead of those in the environment.

    `addresses` are by boto3's service name; the one under `""` serves all other services.
    """

    addresses: Mapping[str, str]

    def client(self, service_name: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs["endpoint_url"] = kwargs.get("endpoint_url") or self.addresses.get(service_name, self.addresses[""])
        return super().client(service_name, *args, **kwargs)


def guarded_session(
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None = None,
    addresses: Mapping[str, str] | None = None,
) -> boto3.Session:
    """Open a boto3 session with explicit keys whose requests cannot leave this machine.

    Without `addresses` its clients follow AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> of this process.
    """
    kind = boto3.Session if addresses is None else _TwinSession
    session = kind(
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        aws_session_token=session_token,
        region_name=REGION,
    )
    if addresses is not None and isinstance(session, _TwinSession):
        session.addresses = addresses
    return guard(session)


def guard(session: boto3.Session) -> boto3.Session:
    """Put the loopback check in front of everything that clients made from `session` send."""
    session._session.set_default_client_config(_CONFIG)  # noqa: SLF001 boto3 has no public way to give every client a default
    session.events.register_first("before-send", _refuse_to_leave)
    return session


def _refuse_to_leave(request: Any, **_: Any) -> None:
    """Botocore's last event before a request goes out; raising here sends nothing."""
    refuse_unless_loopback(request.url)


def _closed(shell: Mapping[str, str], endpoint: str | None) -> dict[str, str]:
    others = [shell[name] for name in ("NO_PROXY", "no_proxy") if shell.get(name)][:1]
    no_proxy = ",".join([_LOOPBACK_NAMES, *others])
    return {
        # Port 9 (discard) answers nobody: without a twin, every call fails at once instead of finding the internet.
        "AWS_ENDPOINT_URL": refuse_unless_loopback(endpoint or "http://127.0.0.1:9"),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # botocore would put "env." before MWAA's host and so leave loopback.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "SAM_CLI_TELEMETRY": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
    }

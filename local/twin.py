"""The twin as a value: where it lies, which ports it uses, who may do what in it, and what is running.

`make up` writes it to `.suimon/twin/twin.json`; everything else reads it there.
"""

import json
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

import boto3

from local.isolation import clean_environment, guarded_session
from local.loopback import refuse_unless_loopback

# Endpoints that stand in for what MiniStack lacks: boto3's service name -> the part that answers.
ENDPOINT_PARTS: Final = {"mwaa": "mwaa", "glue": "glue", "redshift-data": "redshift"}
# Every port of the twin, chosen together before anything starts.
PORT_NAMES: Final = ("cloud", "mwaa", "glue", "redshift", "airflow")
# Below the range from which Linux (32768) and macOS (49152) give ports to outgoing connections: a port found free
# here is not taken by one of the twin's own connections before its part listens on it.
_PORT_RANGE: Final = range(20_000, 32_000)
_OWNER_ONLY: Final = 0o600


class NoTwinError(Exception):
    """No twin is up in this clone."""


@dataclass(frozen=True)
class Keys:
    """An access key of the twin's own account. It means nothing to AWS."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class RunningPart:
    """A process that the twin started; `started` (seconds since the epoch) tells it from a later one with its pid."""

    name: str
    pid: int
    started: float


@dataclass(frozen=True)
class Twin:
    """One twin.

    Attributes:
        root: the clone.
        runtime: everything the twin writes; removing it removes the twin.
        mark: a random word in the environment of every process of this twin.
        ports: by the names in PORT_NAMES.
        principals: keys by role: `root`, and once the cloud answers, those of `local.deploy`: `operator`, `viewer`, …
        outputs: the stack's outputs, once it is deployed.
        dag_bucket: where MWAA would look for DAGs, once it exists.
        running: the processes, as recorded when they started.
        complete: whether the start came to its end; one that was cut off leaves half a twin.

    """

    root: Path
    runtime: Path
    mark: str
    ports: Mapping[str, int]
    principals: Mapping[str, Keys]
    outputs: Mapping[str, str] = field(default_factory=dict)
    dag_bucket: str = ""
    running: tuple[RunningPart, ...] = ()
    complete: bool = False

    @property
    def logs(self) -> Path:
        """One file per part and step."""
        return self.runtime / "logs"

    @property
    def mail(self) -> Path:
        """The mailbox; see `local.mailbox`."""
        return self.runtime / "mail"

    @property
    def airflow_home(self) -> Path:
        """Airflow's AIRFLOW_HOME."""
        return self.runtime / "airflow"

    def log(self, part: str) -> Path:
        """Where a part or step writes."""
        return self.logs / f"{part}.log"

    def endpoint(self, part: str = "cloud") -> str:
        """Address of a part, without a slash at its end."""
        return f"http://127.0.0.1:{self.ports[part]}"

    def endpoints(self) -> dict[str, str]:
        """Environment variables that lead every AWS client of a child process to this twin."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint(),
            **{
                f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}": self.endpoint(part)
                for service, part in ENDPOINT_PARTS.items()
            },
        }

    def session(self, principal: str = "root") -> boto3.Session:
        """Open a session as `root`, `airflow`, `upstream` or `operator`; it can reach nothing but this twin."""
        keys = self.principals[principal]
        return self._session(keys.access_key_id, keys.secret_access_key, None)

    def role_session(self, role_arn: str) -> boto3.Session:
        """Open a session as a role, which root may assume."""
        keys = self.session().client("sts").assume_role(RoleArn=role_arn, RoleSessionName="twin")["Credentials"]
        return self._session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def _session(self, access_key_id: str, secret_access_key: str, token: str | None) -> boto3.Session:
        services = {service: self.endpoint(part) for service, part in ENDPOINT_PARTS.items()}
        return guarded_session(access_key_id, secret_access_key, token, {"": self.endpoint(), **services})

    def with_(self, **changes: Any) -> "Twin":
        """Copy this twin with some of its values changed."""
        return replace(self, **changes)


def new_twin(root: Path, runtime: Path | None = None) -> Twin:
    """Plan a twin for the clone at `root`: free ports and throwaway root keys; nothing is started or written."""
    return Twin(
        root=root,
        runtime=runtime or runtime_folder(root),
        mark=secrets.token_hex(8),
        ports=dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True)),
        # MiniStack takes as root whichever key its own process holds. The form is AWS's, the value is nobody's.
        principals={"root": Keys("AKIATWIN" + secrets.token_hex(6).upper(), secrets.token_urlsafe(30))},
    )


def runtime_folder(root: Path) -> Path:
    """Where the one twin of a clone lives."""
    return root / ".suimon" / "twin"


def save(twin: Twin) -> None:
    """Write twin.json, whole or not at all, readable by its owner alone: it holds keys, if only of a toy account."""
    twin.runtime.mkdir(parents=True, exist_ok=True)
    twin.runtime.chmod(0o700)
    path = twin.runtime / "twin.json"
    unfinished = path.with_suffix(".tmp")
    unfinished.touch(mode=_OWNER_ONLY)
    unfinished.chmod(_OWNER_ONLY)
    values = {**asdict(twin), "root": str(twin.root), "runtime": str(twin.runtime)}
    unfinished.write_text(json.dumps(values, indent=2) + "\n")
    unfinished.replace(path)


def variables_of(twin: Twin, principal: str) -> dict[str, str]:
    """Return the environment in which a command acts as `operator` or `upstream` on this twin alone."""
    keys = twin.principals[principal]
    return clean_environment(
        {},
        twin.endpoint(),
        **twin.endpoints(),
        AWS_ACCESS_KEY_ID=keys.access_key_id,
        AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
        PATH=f"{twin.root}/.venv/bin:$PATH",
        # An upstream system may not look at the stack for its name.
        SUIMON_RAW_BUCKET=twin.outputs.get("RawBucket", ""),
    )


def environment_of(twin: Twin, principal: str) -> Path:
    """Write a file that a shell can source to act as `operator` or `upstream` on this twin alone; return its path."""
    variables = variables_of(twin, principal)
    path = twin.runtime / f"{principal}.env"
    path.touch(mode=_OWNER_ONLY)
    # Whatever else of AWS the shell holds (profiles, other endpoints) would lead away from the twin.
    forget = "for name in $(env | sed -n 's/^\\(AWS_[A-Z0-9_]*\\)=.*/\\1/p'); do unset \"$name\"; done"
    lines = [forget, *(f'export {name}="{value}"' for name, value in variables.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def load(runtime: Path) -> Twin:
    """Read the twin whose runtime folder is `runtime`.

    Raises:
        NoTwinError: there is none, or its file cannot be read.
        NotLoopbackError: its file names an address outside this machine.

    """
    path = runtime / "twin.json"
    try:
        values = json.loads(path.read_text())
        twin = Twin(
            root=Path(values["root"]),
            runtime=Path(values["runtime"]),
            mark=values["mark"],
            ports=values["ports"],
            principals={name: Keys(**keys) for name, keys in values["principals"].items()},
            outputs=values["outputs"],
            dag_bucket=values["dag_bucket"],
            running=tuple(RunningPart(**part) for part in values["running"]),
            complete=values["complete"],
        )
    except FileNotFoundError:
        raise NoTwinError(f"No twin is up in this clone ({path} does not exist). Start one with `make up`.") from None
    except (KeyError, TypeError, ValueError) as error:
        raise NoTwinError(
            f"{path} is not readable as a twin ({error!r}). End what still runs of it (processes with "
            f"SUIMON_TWIN_DIR={runtime} in their environment), remove {runtime}, then run `make up`."
        ) from error
    if twin.runtime.resolve() != runtime.resolve():
        raise NoTwinError(
            f"{path} is the copy of a twin that lives in {twin.runtime}: it is left alone. Remove {runtime}, then run "
            "`make up` for a twin of this clone."
        )
    for part in twin.ports:
        refuse_unless_loopback(twin.endpoint(part))
    return twin


def free_ports(count: int) -> list[int]:
    """Find `count` different ports on which nothing listens."""
    found: list[int] = []
    for port in _shuffled(_PORT_RANGE):
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"Only {len(found)} of {count} ports are free between {_PORT_RANGE[0]} and {_PORT_RANGE[-1]}.")


def _shuffled(ports: Iterable[int]) -> list[int]:
    shuffled = list(ports)
    SystemRandom().shuffle(shuffled)
    return shuffled


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""Bring the twin of a clone up, and take it down.

cloud ─▶ account (users, DAG bucket) ─┐
sam build ────────────────────────────┴─▶ sam deploy (and policies) ─┬─▶ warehouse
cloud ─▶ mwaa · glue · redshift ─────────────────────────────────────┤
Airflow's four processes ────────────────────────────────────────────┴─▶ DAGs (known and unpaused)
"""

import contextlib
import fcntl
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from local import deploy
from local.airflow.site import airflow_parts, site_of, unpause, write_task_credentials
from local.parts import cloud_part, endpoint_parts
from local.progress import Board, Step, run_steps
from local.supervisor import READY_SECONDS, DeadPart, Part, spawn, stop, twin_health, wait_until_ready, watch
from local.twin import NoTwinError, Twin, load, new_twin, runtime_folder, save

_ACCOUNT: Final = "account"
_DEPLOY: Final = "sam deploy"


class BusyError(Exception):
    """Another command starts or ends the twin of this clone at this moment."""


def up(root: Path, board: Board, runtime: Path | None = None) -> tuple[Twin, tuple[DeadPart, ...] | None]:
    """Bring the twin of the clone at `root` up, or another one beside it in a `runtime` folder of its own.

    Returns the twin, and None when it was up already; otherwise the parts of a former twin that had died and for which
    it was started again (usually none). On failure and on Ctrl-C everything that was started is ended again.

    Raises:
        BusyError: another command does the same.
        PartDiedError, PartNotReadyError, DeployError: a step failed; the message says which and what it wrote last.

    """
    runtime = runtime or runtime_folder(root)
    with _alone(runtime):
        former = _former(runtime)
        died: tuple[DeadPart, ...] = ()
        if former is not None:
            died = tuple(twin_health(former))
            if not died and former.complete:
                return former, None
            stop(former)
        _forget(runtime)
        start = _Start(new_twin(root, runtime))
        try:
            with board.shown():
                run_steps(start.steps(), board, start.look)
            start.finish()
        except BaseException:
            stop(start.twin)
            with contextlib.suppress(FileNotFoundError):
                (start.twin.runtime / "twin.json").unlink()
            raise
        return start.twin, died


def down(root: Path) -> list[str]:
    """End every twin of the clone at `root`, also one that interrupted tests have left; their logs and mail stay.

    Returns the names of the parts that were running.

    Raises:
        BusyError: another command starts or ends one.
        NoTwinError: none is up.

    """
    records = sorted(runtime_folder(root).parent.glob("*/twin.json"))
    if not records:
        raise NoTwinError("No twin is up.")
    ended: list[str] = []
    for record in records:
        with _alone(record.parent):
            twin = load(record.parent)
            ended += stop(twin)
            record.unlink()
    return ended


class _Start:
    """One start: the steps, and the twin as it grows. Steps run in threads; only `_change` writes."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin.with_(dag_bucket=deploy.DAG_BUCKET)
        self._lock = threading.Lock()
        save(self.twin)

    def finish(self) -> None:
        """Note that everything has come to its end."""
        self._change(lambda _: {"complete": True})

    def look(self) -> None:
        """Raise when a part that has been started is gone."""
        watch(self.twin)

    def steps(self) -> list[Step]:
        """Plan the start; see the picture above."""
        airflow = airflow_parts(self.twin)
        endpoints = endpoint_parts(self.twin)
        return [
            self._part(cloud_part(self.twin)),
            *(self._part(part) for part in airflow),
            Step("sam build", lambda: deploy.build(self.twin)),
            Step(_ACCOUNT, self._account, ("cloud",)),
            *(self._part(part) for part in endpoints),
            Step(_DEPLOY, self._deploy, (_ACCOUNT, "sam build")),
            Step("warehouse", self._warehouse, ("redshift", _DEPLOY)),
            Step("DAGs", self._dags, ("mwaa", _ACCOUNT, *(part.name for part in airflow))),
        ]

    def _part(self, part: Part) -> Step:
        def run() -> None:
            running = spawn(part, self.twin)
            self._change(lambda twin: {"running": (*twin.running, running)})
            wait_until_ready(part, running, self.twin)

        return Step(part.name, run, part.after)

    def _account(self) -> None:
        principals = deploy.create_principals(self.twin)
        self._change(lambda _: {"principals": principals})
        keys = principals["airflow"]
        write_task_credentials(site_of(self.twin), keys.access_key_id, keys.secret_access_key)
        deploy.create_dag_bucket(self.twin)

    def _deploy(self) -> None:
        outputs = deploy.deploy(self.twin)
        deploy.grant(self.twin, outputs)
        self._change(lambda _: {"outputs": outputs})

    def _warehouse(self) -> None:
        deploy.create_tables(self.twin)

    def _dags(self) -> str:
        # MWAA's users unpause by hand what they trust.
        dag_ids = sorted(one.dag_id for one in deploy.release_of(self.twin).contracts.all if one.dag_id)
        unpause(site_of(self.twin), dag_ids, READY_SECONDS)
        return ", ".join(dag_ids)

    def _change(self, change: Callable[[Twin], dict[str, Any]]) -> None:
        with self._lock:
            self.twin = self.twin.with_(**change(self.twin))
            save(self.twin)


@contextlib.contextmanager
def _alone(runtime: Path) -> Iterator[None]:
    """Take the twin's lock, which the system releases even when we are killed."""
    path = runtime.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"Another command is starting or ending the twin in {runtime}. Wait for it, or end it, and try again."
            ) from None
        yield


def _former(runtime: Path) -> Twin | None:
    try:
        return load(runtime)
    except NoTwinError:
        return None


def _forget(runtime: Path) -> None:
    """Remove what a former twin left: data of an account that is gone would only mislead."""
    if runtime.exists():
        shutil.rmtree(runtime)

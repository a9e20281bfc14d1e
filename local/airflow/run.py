"""Become one of Airflow's processes once the database is there: `python -m local.airflow.run COMPONENT ENVIRONMENT`."""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.airflow.site import AIRFLOW_VERSION, COMPONENTS, AirflowError, AirflowSite, prepare, replacing
from local.isolation import clean_environment


def main(arguments: list[str]) -> None:
    """Make sure of the database in AIRFLOW_HOME, then replace this process by Airflow's."""
    component, env = arguments
    site = AirflowSite(Path(env), Path(os.environ["AIRFLOW_HOME"]), port=0)
    ensure_database(site)
    program = [str(site.env / "bin/airflow")]
    if component == "api-server":
        # -P: beside the script lies our own airflow.py, which is not the one it means.
        program = [str(site.env / "bin/python"), "-P", str(Path(__file__).with_name("api_server.py"))]
    # Same process, same pid: the supervisor sees Airflow itself live and die.
    os.execv(program[0], [*program, *COMPONENTS[component]])  # noqa: S606 no shell is wanted here


def ensure_database(site: AirflowSite) -> None:
    """Make the database from the template of this Airflow version, which is migrated once and then copied.

        api-server                scheduler (and the others)
        lock home/database.lock
          no database: copy       wait for the lock
        unlock                    lock; database is there; unlock

    An empty database holds nothing of the place where it was made, so that copying it is what migrating would give.

    Raises:
        AirflowError: `airflow db migrate` failed.

    """
    database = site.home / "airflow.db"
    with _locked(site.home / "database.lock"):
        if not database.exists():
            template = ensure_template(site.env)
            with replacing(database) as file:
                shutil.copyfile(template, file)


def ensure_template(env: Path) -> Path:
    """Migrate an empty database for the Airflow in `env`, unless that was done before; about 5 s, copying takes none.

    Raises:
        AirflowError: `airflow db migrate` failed.

    """
    _must_be_the_version(env)
    template = env / f"empty-{AIRFLOW_VERSION}.db"
    with _locked(env / "template.lock"):
        if not template.exists():
            home = env / "template"
            shutil.rmtree(home, ignore_errors=True)
            site = AirflowSite(env, home, port=9)
            prepare(site)
            done = subprocess.run(
                [str(env / "bin/airflow"), "db", "migrate"],
                env=clean_environment(os.environ, AIRFLOW_HOME=str(home)),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise AirflowError(f"`airflow db migrate` failed:\n{(done.stdout + done.stderr)[-3000:]}")
            with (
                replacing(template) as file,
                contextlib.closing(sqlite3.connect(home / "airflow.db")) as made,
                contextlib.closing(sqlite3.connect(file)) as copy,
            ):
                made.backup(copy)  # a plain copy could miss what still stands in the write-ahead log
            shutil.rmtree(home)
    return template


def _must_be_the_version(env: Path) -> None:
    """The template's name promises a version, and the MWAA endpoint tells it to its callers."""
    if not any(env.glob(f"lib/python*/site-packages/apache_airflow-{AIRFLOW_VERSION}.dist-info")):
        raise AirflowError(f"Airflow {AIRFLOW_VERSION} is not in {env}. Run `make setup`.")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(sys.argv[1:])

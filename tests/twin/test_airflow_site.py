"""What Airflow is told before it starts."""

import configparser
from pathlib import Path

import pytest

from local.airflow.run import ensure_template
from local.airflow.site import (
    AirflowError,
    AirflowSite,
    prepare,
    signing_secret,
    task_environment,
    write_task_credentials,
)


@pytest.fixture
def site(tmp_path: Path) -> AirflowSite:
    return AirflowSite(env=tmp_path / "env", home=tmp_path / "100% home", port=20001)


def test_a_second_start_keeps_the_secrets_and_takes_the_new_port(site: AirflowSite) -> None:
    prepare(site)
    first = options(site)
    prepare(AirflowSite(site.env, site.home, port=20002))
    second = options(site)

    for section, name in (("core", "fernet_key"), ("api", "secret_key"), ("api_auth", "jwt_secret")):
        assert first[section][name] == second[section][name]
    assert (first["api"]["port"], second["api"]["port"]) == ("20001", "20002")


def test_two_airflows_share_no_secret(site: AirflowSite, tmp_path: Path) -> None:
    other = AirflowSite(site.env, tmp_path / "other", port=20002)
    prepare(site)
    prepare(other)

    assert signing_secret(site.home) != signing_secret(other.home)


def test_a_percent_sign_in_a_folder_is_no_reference_for_airflow(site: AirflowSite) -> None:
    prepare(site)

    assert options(site)["core"]["dags_folder"] == str(site.dags)


def test_secrets_and_credentials_are_for_their_owner_only(site: AirflowSite) -> None:
    prepare(site)
    write_task_credentials(site, "AKIAEXAMPLE", "secret")

    assert [path.stat().st_mode & 0o077 for path in (site.config, site.credentials)] == [0, 0]


def test_nothing_is_left_beside_a_replaced_file(site: AirflowSite) -> None:
    prepare(site)
    prepare(site)

    assert sorted(path.name for path in site.home.iterdir()) == ["airflow.cfg", "dags", "logs", "plugins", "wall"]


def test_tasks_look_for_keys_in_the_file_that_the_deployment_writes(site: AirflowSite) -> None:
    prepare(site)
    write_task_credentials(site, "AKIAEXAMPLE", "secret")

    keys = configparser.ConfigParser()
    keys.read(task_environment(site, {})["AWS_SHARED_CREDENTIALS_FILE"])
    assert dict(keys["default"]) == {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}


def test_another_airflow_than_the_pinned_one_is_refused(site: AirflowSite) -> None:
    (site.env / "lib/python3.11/site-packages/apache_airflow-3.2.1.dist-info").mkdir(parents=True)

    with pytest.raises(AirflowError, match=r"Airflow 3\.3\.1 is not in .* Run `make setup`"):
        ensure_template(site.env)


def options(site: AirflowSite) -> configparser.ConfigParser:
    config = configparser.ConfigParser()  # with %-references, as Airflow reads it
    config.read(site.config)
    return config

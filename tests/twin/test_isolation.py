import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from local.isolation import clean_environment, guarded_session, isolate_process
from local.loopback import NotLoopbackError, build_wall, refuse_unless_loopback
from local.twin import Twin

HOSTILE = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREALLYREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL": "https://s3.us-east-1.amazonaws.com",
    "AWS_ENDPOINT_URL_S3": "https://s3.us-east-1.amazonaws.com",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/creds",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/admin",
    "AWS_CA_BUNDLE": "/ca.pem",
    "SAM_CLI_TELEMETRY": "1",
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN": "postgres://production",
    "PYTHONPATH": "/elsewhere",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "NO_PROXY": "intranet.example",
}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566",
        "http://localhost:1",
        "http://[::1]:80/x",
        "http://127.9.8.7",
        "http://bucket.localhost:1",
    ],
)
def test_this_machine_is_let_through(url: str) -> None:
    assert refuse_unless_loopback(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.amazonaws.com",
        "http://10.0.0.1",
        "http://169.254.169.254/latest",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com/",
        "http://0x7f000001",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(NotLoopbackError):
        refuse_unless_loopback(url)


def test_nothing_of_a_hostile_shell_reaches_a_child() -> None:
    environment = clean_environment(HOSTILE, "http://127.0.0.1:4566", AWS_ACCESS_KEY_ID="throwaway")

    hostile = {name: value for name, value in HOSTILE.items() if name not in {"PATH", "HOME", "HTTPS_PROXY"}}
    assert not [name for name, value in hostile.items() if environment.get(name) == value]
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_ACCESS_KEY_ID"] == "throwaway"
    assert environment["SAM_CLI_TELEMETRY"] == "0"


def test_loopback_goes_past_the_proxy_and_the_users_exceptions_stay() -> None:
    environment = clean_environment(HOSTILE)

    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1,localhost,::1,intranet.example"


def test_an_endpoint_outside_is_refused_before_anything_starts() -> None:
    with pytest.raises(NotLoopbackError):
        clean_environment({}, "https://example.com")
    with pytest.raises(NotLoopbackError):
        clean_environment({}, AWS_ENDPOINT_URL_GLUE="https://glue.example.com")


def test_a_process_can_be_isolated_from_its_own_shell() -> None:
    environment = dict(HOSTILE)

    isolate_process(environment, "http://127.0.0.1:4566")

    assert "AWS_PROFILE" not in environment
    assert "AWS_ENDPOINT_URL_S3" not in environment
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_a_session_refuses_to_leave_even_when_it_is_told_to() -> None:
    session = guarded_session("key", "secret")

    with pytest.raises(NotLoopbackError, match=r"s3\.amazonaws\.com"):
        session.client("s3", endpoint_url="https://s3.amazonaws.com").list_buckets()


def test_a_session_of_the_twin_ignores_the_endpoint_in_the_shell(cloud: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://example.com")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALLYREAL")

    arn = cloud.session().client("sts").get_caller_identity()["Arn"]

    assert arn.endswith(":root")


def test_a_child_in_a_hostile_shell_finds_no_credentials(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[default]\naws_access_key_id=real\naws_secret_access_key=real\n")
    environment = clean_environment({**HOSTILE, "HOME": str(tmp_path)})

    script = "import boto3; s = boto3.Session(); print(s.get_credentials(), s.region_name, s.profile_name)"
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert found.stdout.split() == ["None", "ap-northeast-1", "default"]


def test_the_tests_themselves_are_isolated() -> None:
    assert boto3.Session().get_credentials() is None
    assert refuse_unless_loopback(os.environ["AWS_ENDPOINT_URL"])


REACHING_OUT = {
    "a connection by address": "socket.create_connection(('192.0.2.1', 80), 5)",
    "a name": "socket.getaddrinfo('example.com', 443)",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "a library's own request": "urllib.request.urlopen('http://192.0.2.1/', timeout=5)",
}


@pytest.mark.parametrize("what", REACHING_OUT)
def test_a_process_behind_the_wall_sends_nothing_to_another_machine(tmp_path: Path, what: str) -> None:
    build_wall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", f"import socket, urllib.request; {REACHING_OUT[what]}"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "NotLoopbackError" in done.stderr
    assert "Nothing was sent" in done.stderr


def test_a_process_behind_the_wall_still_reaches_this_machine(tmp_path: Path) -> None:
    build_wall(tmp_path)
    code = (
        "import socket; server = socket.create_server(('127.0.0.1', 0));"
        "socket.create_connection(server.getsockname(), 5); print('reached')"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout == "reached\n"

"""The twin on a developer's machine: no page of a browser drives it, and no other user reads its files."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import httpx
import pytest
from botocore.exceptions import ClientError

from local.mwaa.endpoint import stays_inside
from local.same_machine import complaint
from local.twin import Keys
from tests.twin.redshift_server import endpoint

if TYPE_CHECKING:
    from pathlib import Path

    from local.twin import Twin

HERE = "127.0.0.1:4566"
STRANGERS = {
    "a name that resolves to this machine": {"host": "evil.example:4566"},
    "a name that looks like ours": {"host": "localhost.evil.example"},
    "no host": {"host": ""},
    "a user before our name": {"host": f"evil.example@{HERE}"},
    "a path behind our name": {"host": "127.0.0.1/evil.example"},
    "no address": {"host": "[::1"},
    "an address that only looks like ours": {"host": "127.0.0.1.nip.example"},
    "our address in other digits": {"host": "2130706433"},
    "every address": {"host": "0.0.0.0:4566"},
    "a name with a letter like ours": {"host": "locaIhost"},
    "a name that is forwarded": {"host": "evil.example", "x-forwarded-host": HERE},
    "a page that says it is a file": {"host": HERE, "origin": "file://"},
    "a page of another site": {"host": HERE, "origin": "https://evil.example"},
    "a page of another port": {"host": HERE, "origin": "http://127.0.0.1:8000"},
    "a page without an origin": {"host": HERE, "origin": "null"},
    "an image on another site's page": {"host": HERE, "sec-fetch-site": "cross-site"},
    "a frame of the same site": {"host": HERE, "sec-fetch-site": "same-site"},
}
OWN = {
    "a program": {"host": HERE},
    "a program that says localhost": {"host": "localhost:4566"},
    "a program by IPv6": {"host": "[::1]:4566"},
    "our own page": {"host": HERE, "origin": f"http://{HERE}", "sec-fetch-site": "same-origin"},
    "an address typed into a browser": {"host": HERE, "sec-fetch-site": "none"},
}


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_is_told_by_the_headers(who: str) -> None:
    assert complaint(raw(STRANGERS[who]))


@pytest.mark.parametrize("hosts", [[], [HERE, "evil.example"], ["evil.example", HERE], [HERE, HERE]], ids=str)
def test_there_is_one_host_or_the_caller_is_a_stranger(hosts: list[str]) -> None:
    """HTTP/1.0 needs none; of two, one server reads the first and another the last."""
    assert complaint([(b"Host", host.encode()) for host in hosts]) == ("Host" if hosts != [HERE] else "")


@pytest.mark.parametrize("who", OWN)
def test_what_runs_here_is_let_in(who: str) -> None:
    assert not complaint(raw(OWN[who]))


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}], ids=str)
def test_the_cloud_and_the_endpoints_answer_no_stranger(cloud: Twin, tmp_path: Path, headers: dict[str, str]) -> None:
    with endpoint(tmp_path) as redshift:
        for url in (f"{cloud.endpoint()}/", f"{cloud.endpoint()}/_ministack/health", f"{redshift.url}/_health"):
            assert httpx.get(url, headers=headers, trust_env=False).status_code == 403
            assert "access-control-allow-origin" not in httpx.get(url, headers=headers, trust_env=False).headers


@pytest.mark.parametrize(
    "page",
    [
        "/_ministack/reset",
        "/_ministack/config",
        "/_ministack/state",
        "/_localstack/health",
        "/_aws/ses",
        "/_aws/sqs/messages",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_the_emulators_own_pages_are_closed(cloud: Twin, page: str, method: str) -> None:
    assert httpx.request(method, f"{cloud.endpoint()}{page}", trust_env=False).status_code == 404


def test_its_health_is_open(cloud: Twin) -> None:
    assert httpx.get(f"{cloud.endpoint()}/_ministack/health", trust_env=False).status_code == 200


def test_roots_key_needs_its_secret(cloud: Twin) -> None:
    keys = cloud.principals["root"]
    forged = cloud.with_(principals={"root": Keys(keys.access_key_id, "guessed")}).session()
    for service, call in (("sqs", "list_queues"), ("s3", "list_buckets"), ("iam", "list_users")):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            getattr(forged.client(service), call)()  # type: ignore[call-overload] # any service


def test_files_of_the_twin_are_its_owners_alone(cloud: Twin) -> None:
    for folder, _, names in os.walk(cloud.runtime / "cloud"):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 os.walk's
            # Python's own scripts keep the mode that they are installed with.
            if not os.path.islink(path) and "lambda-python" not in path:  # noqa: PTH114 as above
                assert not stat.S_IMODE(os.lstat(path).st_mode) & 0o077, path
    assert not stat.S_IMODE(cloud.log("cloud").stat().st_mode) & 0o077


@pytest.mark.parametrize(
    "path",
    [
        "/../auth/token", "/dags/../../ui/config", "/dags/%2e%2e/%2e%2e/ui", "/dags/%252e%252e/x", "/./dags", "..",
        "/dags/..;/x", "/dags\\..\\ui", "//evil.example/dags", "/dags/%2f%2e%2e", "/dags/\nx",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_airflows_api(path: str) -> None:
    assert not stays_inside(path)


@pytest.mark.parametrize("path", ["/dags", "/dags/daily/dagRuns/0123.1", "/dags/a..b/dagRuns/x%20y", "/monitor/health"])
def test_a_path_of_the_api_is_taken(path: str) -> None:
    assert stays_inside(path)

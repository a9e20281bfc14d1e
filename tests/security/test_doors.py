"""The twin's servers as somebody attacks them: by a page in a browser, by a path that leads out of Airflow's API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from local.endpoints import Caller
from local.glue import endpoint as glue
from local.mwaa.endpoint import Environment, RequestRate, create_app
from local.mwaa.webserver import RestAnswer
from local.redshift import server as redshift
from tests.twin.test_same_machine import HERE, STRANGERS

if TYPE_CHECKING:
    from local.mwaa.webserver import RestCall

SOURCE = Path(__file__).parents[2] / "local"
CALLER = Caller("arn:aws:sts::123456789012:assumed-role/gate/session", "123456789012", "AROAEXAMPLE:session")
ESCAPES = [
    "/../../execution/health", "/../auth/token", "/%2e%2e/%2e%2e/ui", "/dags/%252e%252e/%252e%252e/ui", "..",
    "/dags/..;/..;/auth/token", "/dags\\..\\..\\auth", "//evil.example/x", "/./../auth", "/dags/\r\nHost: evil",
]  # fmt: skip


class Airflow:
    """Remembers what reaches it."""

    def __init__(self) -> None:
        self.asked: list[RestCall] = []

    async def call(self, rest: RestCall, _role: str, _user: str) -> RestAnswer:
        self.asked.append(rest)
        return RestAnswer(200, {})

    async def close(self) -> None:
        """Close nothing."""


def mwaa(airflow: Airflow) -> Any:
    environment = Environment(
        name="env",
        region="ap-northeast-1",
        account=lambda: "123456789012",
        airflow_version="3.3.1",
        airflow_url="http://127.0.0.1:1",
        dag_bucket="dags",
        runtime=Path("/nowhere"),
    )
    rate = RequestRate(1_000, lambda: 0.0)
    web_server: Any = airflow
    return create_app(environment, web_server, lambda *_: CALLER, rate)


def nobody(*_: Any, **__: Any) -> Any:
    raise AssertionError("a stranger came past the door")


def doors() -> dict[str, Any]:
    anything: Any = SimpleNamespace(runner=SimpleNamespace(close=nobody))
    return {
        "mwaa": mwaa(Airflow()),
        "glue": glue.application(anything, nobody, nobody),
        "redshift": redshift.application(anything, nobody, anything),
    }


def ask(app: Any, method: str, path: str, headers: dict[str, str], body: Any = None) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HERE}", trust_env=False) as client:
            return await client.request(method, path, headers=headers, json=body)

    return asyncio.run(asked())


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("door", ["mwaa", "glue", "redshift"])
def test_no_endpoint_answers_a_page_in_a_browser(door: str, who: str) -> None:
    for method, path in (("GET", "/_health"), ("POST", "/"), ("POST", "/restapi/env"), ("OPTIONS", "/")):
        answer = ask(doors()[door], method, path, STRANGERS[who], {"Path": "/dags", "Method": "GET"})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_cloud_and_airflow_have_the_same_door() -> None:
    # They run with Pythons of their own; tests/twin shows them closed.
    assert "return only_from_this_machine(app)" in (SOURCE / "cloud/front_door.py").read_text(encoding="utf-8")
    guarded = "made.add_middleware(same_machine.only_from_this_machine)"
    assert guarded in (SOURCE / "airflow/api_server.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_no_path_of_a_caller_leads_out_of_airflows_api(path: str, method: str) -> None:
    airflow = Airflow()
    answer = ask(mwaa(airflow), "POST", "/restapi/env", {}, {"Path": path, "Method": method})
    assert (answer.status_code, airflow.asked) == (400, [])
    assert "ValidationException" in (answer.headers.get("x-amzn-errortype", "") + answer.text)


def test_a_path_of_the_api_reaches_airflow() -> None:
    airflow = Airflow()
    assert ask(mwaa(airflow), "POST", "/restapi/env", {}, {"Path": "/dags", "Method": "GET"}).status_code == 200
    assert [rest.path for rest in airflow.asked] == ["/dags"]

"""The same cases on the services in memory, which the simulation trusts, and on moto; `untrue` says where moto errs.

Those cases run on the twin's cloud, too.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.simulation.services.table import INDEXES, Table
from tests.twin.conftest import cloud  # noqa: F401 a fixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.twin import Twin

NUMBERS = itertools.count()
MEMORY, MOTO, TWIN = "memory", "moto", "twin"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "untrue(why): AWS does this, moto does not: the case must fail there")
    config.addinivalue_line("markers", "untrue_twin(why): nor does the twin")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the twin need not be asked, since moto is true."""
    idle = [item for item in items if _kind_of(item) == TWIN and item.get_closest_marker("untrue") is None]
    if idle:
        config.hook.pytest_deselected(items=idle)
        items[:] = [item for item in items if item not in set(idle)]


def _kind_of(item: pytest.Item) -> str | None:
    called = getattr(item, "callspec", None)
    return called.params.get("kind") if called else None


@pytest.fixture(params=[MEMORY, MOTO, TWIN])
def kind(request: pytest.FixtureRequest) -> str:
    marker = {MOTO: "untrue", TWIN: "untrue_twin"}.get(request.param)
    if marker and (found := request.node.get_closest_marker(marker)):
        request.applymarker(pytest.mark.xfail(strict=True, reason=found.args[0]))
    return str(request.param)


@pytest.fixture
def session(kind: str, request: pytest.FixtureRequest) -> boto3.Session:
    """Amazon's services as moto or the twin's cloud has them."""
    if kind == TWIN:
        cloud: Twin = request.getfixturevalue("cloud")
        return cloud.session()
    found: boto3.Session = request.getfixturevalue("moto_session")
    return found


@pytest.fixture(scope="module")
def moto_session() -> Iterator[boto3.Session]:
    """One start of moto for all the cases of a file."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        yield boto3.Session("AKIAEXAMPLE", "secret", region_name="ap-northeast-1")


@pytest.fixture
def refused() -> Callable[[Callable[[], Any]], str]:
    """Return the code that a call is refused with."""

    def code(call: Callable[[], Any]) -> str:
        with pytest.raises(ClientError) as raised:
            call()
        return str(raised.value.response["Error"]["Code"])

    return code


@pytest.fixture
def table(kind: str, request: pytest.FixtureRequest) -> Any:
    if kind == "memory":
        return Table()
    session: boto3.Session = request.getfixturevalue("session")
    names = ("pk", "sk", *(name for pair in INDEXES.values() for name in pair))

    def schema(pair: tuple[str, str]) -> Any:
        kinds = zip(pair, ("HASH", "RANGE"), strict=True)
        return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]

    return session.resource("dynamodb").create_table(
        TableName=f"ledger-{next(NUMBERS)}",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema(("pk", "sk")),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": schema(pair), "Projection": {"ProjectionType": "ALL"}}
            for name, pair in INDEXES.items()
        ],
    )

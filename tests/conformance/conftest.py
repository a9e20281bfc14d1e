"""The same cases on the services in memory, which the simulation trusts, and on moto; `untrue` says where moto errs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEMORY, MOTO = "memory", "moto"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "untrue(why): what AWS does and moto does not; the case must fail there")


@pytest.fixture(params=[MEMORY, MOTO])
def kind(request: pytest.FixtureRequest) -> str:
    found = request.node.get_closest_marker("untrue")
    if found and request.param == MOTO:
        request.applymarker(pytest.mark.xfail(strict=True, reason=found.args[0]))
    return str(request.param)


@pytest.fixture(scope="module")
def moto_session() -> Iterator[boto3.Session]:
    """Amazon's services as moto has them; one start for all the cases of a file."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        yield boto3.Session("AKIAEXAMPLE", "secret", region_name="ap-northeast-1")


@pytest.fixture
def refused() -> Callable[[Callable[[], Any]], str]:
    """Give the code that a call is refused with."""

    def code(call: Callable[[], Any]) -> str:
        with pytest.raises(ClientError) as raised:
            call()
        return str(raised.value.response["Error"]["Code"])

    return code

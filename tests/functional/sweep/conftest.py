"""The stack as the sweep sees it, a new one for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.sweep.swept import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from tests.functional.conftest import Post


@pytest.fixture
def world(table: Table, post: Post) -> World:
    return World(table, post)

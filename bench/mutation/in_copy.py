"""The tests' conftest in the copy: what holds for every test, without samples, marks and announced processes."""

import logging
import os
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader
from moto import mock_aws

from local.isolation import isolate_process
from suimon.check import duckdb_reader
from tests.fuzz.shared_duck import opened_once

isolate_process(os.environ)
os.environ.pop("SUIMON_DATASETS", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that fixtures ask for."""
    parser.addoption("--long", action="store_true")


def pytest_collection_finish() -> None:
    """Have botocore read its models, and moto import its services, before any fork does."""
    read, look, found = cache(JSONFileLoader().load_file), Loader.list_available_services, dict[Any, list[str]]()

    def listed(loader: Loader, type_name: str) -> list[str]:
        asked = (type_name, *loader.search_paths)
        if asked not in found:
            found[asked] = look(loader, type_name)
        return list(found[asked])

    patch.object(JSONFileLoader, "load_file", lambda _, path: read(path)).start()
    patch.object(Loader, "list_available_services", listed).start()
    with patch.dict(os.environ, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"), mock_aws():
        session = boto3.Session("a", "a", region_name="ap-northeast-1")
        session.client("s3").list_buckets()
        session.client("sns").list_topics()
        session.client("sqs").list_queues()
        session.client("events").list_event_buses()
        session.client("dynamodb").list_tables()
        session.resource("dynamodb")


@pytest.fixture(autouse=True)
def _one_database() -> Iterator[None]:
    """One database for all tests, or each mutant would take three times as long."""
    with patch.object(duckdb_reader, "open_duck", opened_once):
        yield


@pytest.fixture(autouse=True)
def _functions_start_as_in_a_new_process() -> Iterator[None]:
    """Forget boto3's default session, and Powertools' loggers and metrics."""
    yield
    vars(boto3)["DEFAULT_SESSION"] = None
    known = logging.Logger.manager.loggerDict
    for name in [name for name, logger in known.items() if getattr(logger, "init", False)]:
        del known[name]
    if powertools := sys.modules.get("aws_lambda_powertools.metrics.metrics"):
        for name in ("_metrics", "_dimensions", "_metadata", "_default_dimensions"):
            getattr(powertools.Metrics, name).clear()

"""Questions as IAM has them, where the emulator has them otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from local.cloud import iam_corrections
from local.cloud.iam_corrections import as_iam_knows_it
from local.cloud.iam_enforcement import Asked

UUID = "0c1d2e3f-1111-2222-3333-444455556666"
MAPPINGS = "/2015-03-31/event-source-mappings"


@pytest.mark.parametrize(
    ("action", "resource", "path", "asked"),
    [
        ("sqs:SendMessageBatch", "q", "/", ("sqs:SendMessage", "q")),
        ("sqs:SendMessage", "q", "/", ("sqs:SendMessage", "q")),
        ("events:DescribeRule", "a:rule/default/r", "/", ("events:DescribeRule", "a:rule/r")),
        ("events:DescribeRule", "a:rule/bus/r", "/", ("events:DescribeRule", "a:rule/bus/r")),
        ("events:ListTargetsByRule", "*", "/", ("events:ListTargetsByRule", "arn:aws:events:r:123:rule/r1")),
        ("lambda:ListEventSourceMappings", "*", MAPPINGS, ("lambda:ListEventSourceMappings", "*")),
        ("lambda:ListEventSourceMappings", "*", f"{MAPPINGS}/", ("lambda:ListEventSourceMappings", "*")),
        (
            "lambda:ListEventSourceMappings",
            "*",
            f"{MAPPINGS}/{UUID}",
            ("lambda:GetEventSourceMapping", f"arn:aws:lambda:r:123:event-source-mapping:{UUID}"),
        ),
    ],
)
def test_actions_and_resources_are_named_as_iam_knows_them(
    monkeypatch: pytest.MonkeyPatch, action: str, resource: str, path: str, asked: tuple[str, str]
) -> None:
    monkeypatch.setattr(iam_corrections, "module", lambda _: SimpleNamespace(get_account_id=lambda: "123"))
    put = as_iam_knows_it(Asked("key", action, action.partition(":")[0], "r", resource, None), path, b'{"Rule": "r1"}')
    assert (put.action, put.resource_arn) == asked

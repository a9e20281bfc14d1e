"""Asking the freshness function, which alone may change the ledger; questions by the alias that viewers may call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from suimon.cli.errors import CommandError, InterruptedByPersonError, RefusedError
from suimon.cli.reconcile import CLIENT, FAILED
from suimon.cli.stack import advice, of_stack, outputs_of
from suimon.cli.words import phrase, spoken
from suimon.drops.refusal import no_contract
from suimon.drops.wording import in_language
from suimon.incidents.ack_snooze_close import look_at
from suimon.status.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


# What changes something, by its name: the command that shows whether it was done.
SHOWN_BY: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "act": lambda request: look_at(request["id"]),
    "close": lambda request: f"suimon explain {request['drop_id']}",
    "expect": lambda request: f"suimon forecast --dataset {request['dataset']}",
    "hold": lambda request: f"suimon status {request['dataset']}",
    "release": lambda request: f"suimon status {request['dataset']}",
    "retract": lambda request: f"suimon explain {request['drop_id']}",
}


def who_asks() -> str:
    """Return the ARN of whoever calls; ClientError or BotoCoreError when AWS does not say."""
    return str(boto3.client("sts").get_caller_identity()["Arn"])


def ask(stack: str, name: str, request: Mapping[str, Any], *, named: bool = False) -> dict[str, Any]:
    """Ask the stack's freshness function and return its answer; `named`: with who asks.

    RefusedError when it refuses, CommandError when it fails or cannot be asked.
    """
    try:
        payload = {name: {**request, "who": who_asks()} if named else dict(request)}
        [function] = outputs_of(stack, "QuestionsAliasArn" if name in QUESTIONS else "FreshnessFunctionName")
        functions = boto3.client("lambda", config=CLIENT)
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        found: dict[str, Any] = json.loads(answer["Payload"].read())
    except (ClientError, BotoCoreError) as error:
        raise CommandError(advice(error)) from error
    except KeyboardInterrupt as error:
        if name not in SHOWN_BY:
            raise
        then = f"{SHOWN_BY[name](request)}{of_stack(stack)}"
        raise InterruptedByPersonError(phrase("it may have been done all the same. To see:"), then=then) from error
    if "FunctionError" in answer:
        raise CommandError(phrase(FAILED, why=found.get("errorMessage", found)))
    if "refused" in found:
        raise RefusedError(found["refused"][spoken()], then=f"{found.get('then') or 'suimon status'}{of_stack(stack)}")
    return found


def known_dataset(datasets: Sequence[str], dataset: str, stack: str) -> None:
    """Raise CommandError, naming those there are, for a dataset that the release does not have."""
    if dataset and dataset not in datasets:
        why = in_language(no_contract(datasets, dataset), spoken())
        raise CommandError(why, then=f"suimon status{of_stack(stack)}")

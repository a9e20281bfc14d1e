"""`suimon doctor`: is a deployed stack as it must be? One line a check, each with what to do."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.cells import cell_len, chop_cells

from suimon.aws.clock import utc_now
from suimon.cli import doctor_checks as checks
from suimon.cli.asking import ask
from suimon.cli.doctor_airflow import airflow
from suimon.cli.doctor_checks import Finding, Stack
from suimon.cli.errors import CommandError, RefusedError
from suimon.cli.printing import json_option, print_json
from suimon.cli.stack import advice, of_stack, stack_option
from suimon.cli.words import lang_option, phrase, readable, say
from suimon.drops.foreign_text import one_line
from suimon.drops.wording import Bilingual, in_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.file import Language

WIDTH = 80  # characters of a line


@click.command()
@json_option
@lang_option
@stack_option
def doctor(stack: str, lang: Language, *, as_json: bool) -> None:
    """Check that a deployed stack is as it must be: its parts at AWS, the DAGs in Airflow, who gets the alerts.

    Nothing is changed. Exit status: 0 all is well, 1 something is not or could not be looked at, 2 the stack could not
    be asked.
    """
    deployed = read_stack(stack)
    findings = list(examine(deployed))
    if as_json:
        print_json([asdict(one) | {"ok": one.ok} for one in findings])
    else:
        for line in lines_of(findings, readable(lang)):
            click.echo(line)
        click.echo(f"  suimon {'status' if all(one.ok for one in findings) else 'doctor'}{of_stack(stack)}")
    raise SystemExit(0 if all(one.ok for one in findings) else 1)


def read_stack(name: str) -> Stack:
    """Read what CloudFormation says of a stack; CommandError when there is none, or nobody may ask."""
    try:
        answer = boto3.client("cloudformation").describe_stacks(StackName=name)
    except (ClientError, BotoCoreError) as error:
        raise CommandError(phrase("stack {stack}: {wrong}", stack=name, wrong=advice(error))) from error
    found = answer["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    answered_at = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    return Stack(name, found["StackStatus"], outputs, answered_at)


def examine(stack: Stack) -> Iterator[Finding]:
    """Make every check; one that fails hides no other. Without its outputs nothing else of a stack is known."""
    found = list(checks.outputs(stack))
    yield from found
    yield from checks.clock(stack, utc_now())
    if any(name not in stack.outputs for name in checks.OUTPUTS):
        return
    s3, events, sqs = (boto3.client(name) for name in ("s3", "events", "sqs"))
    functions, sns, glue = boto3.client("lambda"), boto3.client("sns"), boto3.client("glue")
    every: dict[str, Callable[[], Iterator[Finding]]] = {
        "own bucket": lambda: checks.own_bucket(stack),
        "raw bucket": lambda: checks.raw_bucket(s3, stack.outputs["RawBucket"]),
        "rule": lambda: checks.rule(events, stack),
        "queue's policy": lambda: checks.queue_policy(sqs, stack),
        "event source": lambda: checks.mapping(functions, stack),
        "dead letters": lambda: checks.dead_letters(sqs, stack),
        "topic's policy": lambda: checks.topic_policy(sns, stack),
        "subscriptions": lambda: checks.subscriptions(sns, stack.outputs["AlertsTopicArn"]),
        "subscriptions of the watch": lambda: checks.subscriptions(sns, stack.outputs["WatchTopicArn"]),
        "functions": lambda: checks.releases(functions, stack),
        "Glue job": lambda: checks.glue_job(glue, stack),
        "Airflow": lambda: airflow(ask(stack.name, "check_up", {}), stack.release),
    }
    for name, check in every.items():
        try:
            yield from check()
        except (ClientError, BotoCoreError) as error:
            yield Finding(name, Bilingual("could not be looked at", "確認できませんでした"), advice(error))
        except (RefusedError, CommandError) as error:
            yield Finding(name, Bilingual("could not be looked at", "確認できませんでした"), error.why)


def lines_of(findings: list[Finding], lang: Language = "en") -> Iterator[str]:
    """Write one line a check, and below it what to do; none is wider than WIDTH."""
    for one in findings:
        label = "OK" if one.ok else say("FAIL", lang)
        yield from _folded(f"{label:6}", f"{checked(one.check, lang)}: {in_language(one.text, lang)}")
        if not one.ok:
            yield from _folded(" " * 6 + "-> ", in_language(one.do, lang))
    wrong = sum(not one.ok for one in findings)
    count = len(findings)
    yield say(
        "{count} checks, {wrong} to mend." if wrong else "{count} checks, all is well.", lang, count=count, wrong=wrong
    )


def checked(check: str, lang: Language) -> str:
    """Return what was checked, in a language; a DAG has its own name."""
    return check if check.startswith("DAG ") else say(check, lang)


def _folded(start: str, text: str) -> Iterator[str]:
    """Yield lines that a terminal shows in WIDTH columns: a letter of Japanese takes two."""
    wide = sum(cell_len(letter) > 1 for letter in text)
    if not wide:
        yield from textwrap.wrap(one_line(text), WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
        return
    for number, part in enumerate(chop_cells(one_line(text), WIDTH - len(start))):
        yield f"{' ' * len(start) if number else start}{part}"

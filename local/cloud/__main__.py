"""Start the local AWS: MiniStack 1.5.33 with IAM enforced, e-mail for SNS, and one question its neighbours may ask.

Run by the emulator's own Python (`.suimon/envs/ministack/bin/python -m local.cloud`), so only the standard library,
MiniStack and the modules `local.cloud_*` and `local.mailbox` are at hand. Configured by environment variables alone
(`local/parts.py`).
"""

import contextvars
import importlib.metadata
import json
import os
import re
import sys
import venv
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from local.cloud.emulator_hooks import HookMissingError, hook, module
from local.cloud.iam_corrections import a_batch_needs_the_right_of_one, add_to_iam, answer_authorize
from local.cloud.service_rights import check_services_rights
from local.cloud.sns_email import deliver_mail
from local.cloud.used_rights import remember_used_rights
from local.loopback import build_wall, refuse_connections

_PINNED: Final = "1.5.33"
# The last frame's source line, then "package.module.Class: message" or "Class".
_EXCEPTION: Final = re.compile(r"^ +.*\n([A-Za-z_][\w.]*)(?::.*)?$", re.MULTILINE)


def main() -> None:
    """Start MiniStack in this process, with the twin's additions; returns when it is told to end."""
    version = importlib.metadata.version("ministack")
    if version != _PINNED:
        raise HookMissingError(
            f"The twin is made for MiniStack {_PINNED}, but {version} is installed. Run `make setup`, or look at every "
            "hook in local/cloud/__main__.py before changing the pin."
        )
    refuse_connections()
    runtime = Path(os.environ["SUIMON_TWIN_DIR"])
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    add_to_iam(os.environ["AWS_ACCESS_KEY_ID"])
    functions_find_only_their_own_packages(runtime / "cloud" / "lambda-python")
    deliver_mail(runtime / "mail", endpoint)
    check_services_rights()
    take_numbers_from_parameters()
    name_the_version_in_events()
    read_ranges_of_versions()
    call_errors_by_their_name()
    fail_a_task_whose_function_fails()
    app = module("ministack.app")
    hook(app, "app", remember_used_rights(answer_authorize(app.app)), ("scope", "receive", "send"))
    a_batch_needs_the_right_of_one()
    sys.argv = ["ministack"]  # its main() reads the command line
    app.main()


def functions_find_only_their_own_packages(folder: Path) -> None:
    """Run Python functions in an environment without packages.

    MiniStack would run them with its own interpreter, and a package that is missing from an artifact (duckdb, say)
    would be found among MiniStack's: the function would work here and fail on AWS.
    """
    runtime = module("ministack.core.lambda_runtime")
    venv.EnvBuilder(with_pip=False, symlinks=True, clear=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    build_wall(packages)
    python = str(folder / "bin" / "python")
    original = runtime._detect_runtime_binary  # noqa: SLF001 the hook point

    def detect(runtime_name: str) -> tuple[str, str]:
        binary, worker = original(runtime_name)
        return (python, worker) if runtime_name.startswith("python") else (binary, worker)

    hook(runtime, "_detect_runtime_binary", detect, ("runtime",))


def take_numbers_from_parameters() -> None:
    """Make a number of the queue's maximum concurrency when it comes from a parameter, as CloudFormation does.

    A parameter of type Number reaches MiniStack as text, and its SQS poller then fails at every look.
    """
    handlers = module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS  # noqa: SLF001 the hook point
    mapping = handlers.get("AWS::Lambda::EventSourceMapping", {})

    def numbered(properties: Any) -> Any:
        scaling = properties.get("ScalingConfig") if isinstance(properties, dict) else None
        if not scaling:
            return properties
        return {**properties, "ScalingConfig": {name: int(value) for name, value in scaling.items()}}

    def with_numbers(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: original(*map(numbered, args), **kwargs)

    for step in ("create", "update"):
        if not callable(mapping.get(step)):
            raise HookMissingError(f"MiniStack has no {step} handler for AWS::Lambda::EventSourceMapping.")
        mapping[step] = with_numbers(mapping[step])


def call_errors_by_their_name() -> None:
    """Give a function's error the name of its exception, as Lambda does: state machines match their Retry by it."""
    functions = module("ministack.services.lambda_svc")
    execute = functions._execute_function  # noqa: SLF001 the hook point

    def execute_and_name(func: Any, event: Any) -> Any:
        result = execute(func, event)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            name = exception_name(result.get("log", ""))
            result = {**result, "body": {**body, "errorType": name or body["errorType"]}}
        return result

    hook(functions, "_execute_function", execute_and_name, ("func", "event"))


def exception_name(log: str) -> str | None:
    """Find the exception's class in a traceback: the first line that is not indented after the last frame."""
    found = _EXCEPTION.findall(log)
    return found[-1].rpartition(".")[2] if found else None


def fail_a_task_whose_function_fails() -> None:
    """Fail a waitForTaskToken task at once when its function raises, as Step Functions does.

    MiniStack drops the error and waits for a token that nobody will answer.
    """
    steps = module("ministack.services.stepfunctions")
    invoke, call = steps._invoke_with_callback, steps._call_lambda  # noqa: SLF001 the hook points
    waiting: contextvars.ContextVar[str | None] = contextvars.ContextVar("waiting", default=None)

    def invoke_with_callback(resource: str, input_data: Any, token: str, state_def: Any) -> Any:
        mark = waiting.set(token)
        try:
            return invoke(resource, input_data, token, state_def)
        finally:
            waiting.reset(mark)

    def call_lambda(func_ref: str, event: Any) -> Any:
        try:
            return call(func_ref, event)
        except steps._ExecutionError as error:  # noqa: SLF001 the emulator's own
            task = steps._task_tokens.get(waiting.get())  # noqa: SLF001 where SendTaskFailure leaves its error
            if task is not None:
                task["error"] = {"Error": error.error, "Cause": error.cause}
                task["event"].set()
            raise

    hook(steps, "_invoke_with_callback", invoke_with_callback, ("resource", "input_data", "token", "state_def"))
    hook(steps, "_call_lambda", call_lambda, ("func_ref", "event"))


def name_the_version_in_events() -> None:
    """Put `version-id` into the EventBridge event of a versioned object, as S3 does; MiniStack leaves it out."""
    s3, events = module("ministack.services.s3"), module("ministack.services.eventbridge")
    fire, dispatch = s3._fire_s3_event, events._dispatch_event  # noqa: SLF001 the hook points
    version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)

    def fire_with_version(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        token = version.set(version_id)
        try:
            fire(*args, version_id=version_id, **kwargs)
        finally:
            version.reset(token)

    def dispatch_with_version(event: dict[str, Any], view: Any = None) -> Any:
        if version.get() and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version.get()
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, view)

    hook(s3, "_fire_s3_event", fire_with_version, (
        "bucket_name", "key", "event_name", "size", "etag", "deletion_type", "restore_event_data", "version_id",
        "sequencer", "object_extra", "record_extra",
    ))  # fmt: skip
    hook(events, "_dispatch_event", dispatch_with_version, ("event", "view"))


def read_ranges_of_versions() -> None:
    """Give the part of a version that was asked for, as S3 does; MiniStack gives all of it, as if none had been."""
    s3 = module("ministack.services.s3")
    get = s3._get_object  # noqa: SLF001 the hook point

    def get_range(bucket_name: str, key: str, headers: dict[str, str], query_params: Any = None) -> Any:
        wanted = headers.get("range")
        if wanted:  # the checksum is one of the whole object; S3 sends it with nothing less
            headers = {name: value for name, value in headers.items() if name != "x-amz-checksum-mode"}
        status, answer, body = get(bucket_name, key, headers, query_params)
        if status != HTTPStatus.OK or not wanted:
            return status, answer, body
        found = s3._parse_range(wanted, len(body))  # noqa: SLF001 as above
        if found is None:
            error = s3._xml_body(s3._range_error_xml(bucket_name, key))  # noqa: SLF001 as above
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Type": "application/xml"}, error
        start, end = found
        answer = {**answer, "Content-Range": f"bytes {start}-{end}/{len(body)}", "Content-Length": str(end + 1 - start)}
        return HTTPStatus.PARTIAL_CONTENT, answer, body[start : end + 1]

    hook(s3, "_get_object", get_range, ("bucket_name", "key", "headers", "query_params"))


if __name__ == "__main__":
    main()

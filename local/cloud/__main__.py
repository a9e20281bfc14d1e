"""Start the local AWS: MiniStack 1.5.33 with IAM enforced, e-mail for SNS, and one question its neighbours may ask.

Run by the emulator's own Python (`.suimon/envs/ministack/bin/python -m local.cloud`), so only the standard library,
MiniStack and the modules here, `local.mailbox`, `local.loopback` and `local.same_machine` are at hand. Configured by
environment variables alone (`local/parts.py`).
"""

import contextvars
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from local.cloud.alarms import check_alarms_rights, make_composite_alarms
from local.cloud.emulator_hooks import HookMissingError, hook, module
from local.cloud.events import check_events, deliver_events
from local.cloud.front_door import close_the_front_door, guarded
from local.cloud.functions import bound_functions
from local.cloud.iam_corrections import add_to_iam, answer_authorize, ask_as_iam_does
from local.cloud.object_rights import check_rights_beside_the_call
from local.cloud.passed_roles import check_passed_roles
from local.cloud.request_limits import check_requests
from local.cloud.service_rights import check_services_rights
from local.cloud.sns_email import deliver_mail
from local.cloud.state_machines import bound_state_machines
from local.cloud.used_rights import remember_used_rights
from local.loopback import refuse_connections

_PINNED: Final = "1.5.33"
_LEAST_PART: Final = 5 * 1024 * 1024


def main() -> None:
    """Start MiniStack in this process, with the twin's additions; returns when it is told to end."""
    version = importlib.metadata.version("ministack")
    if version != _PINNED:
        raise HookMissingError(
            f"The twin is made for MiniStack {_PINNED}, but {version} is installed. Run `make setup`, or look at every "
            "hook in local/cloud/__main__.py before changing the pin."
        )
    refuse_connections()
    try:
        correct(Path(os.environ["SUIMON_TWIN_DIR"]))
    except AttributeError as error:
        raise HookMissingError(f"MiniStack is not as the twin knows it: {error}") from error
    sys.argv = ["ministack"]  # its main() reads the command line
    module("ministack.app").main()


def correct(runtime: Path) -> None:
    """Put everything that the twin adds into the emulator; `runtime` is where the twin keeps its files."""
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    add_to_iam(os.environ["AWS_ACCESS_KEY_ID"])
    bound_functions(runtime / "cloud")
    deliver_mail(runtime / "mail", endpoint)
    check_services_rights()
    make_composite_alarms()
    check_alarms_rights()
    bound_state_machines()
    check_events()
    deliver_events()
    take_numbers_from_parameters()
    name_the_version_in_events()
    read_ranges_of_versions()
    refuse_small_parts()
    # The last one put around is asked first: who may, before what is wrong with it, before anything is done.
    check_rights_beside_the_call()
    check_passed_roles()
    check_requests()
    close_the_front_door()
    app = module("ministack.app")
    hook(app, "app", guarded(remember_used_rights(answer_authorize(app.app))), ("scope", "receive", "send"))
    ask_as_iam_does()


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
    """Return the part of a version that was asked for, as S3 does; MiniStack gives all of it, as if none had been."""
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


def refuse_small_parts() -> None:
    """Refuse parts below 5 MiB in an upload, but for the last one (S3 guide, "Multipart upload limits")."""
    s3 = module("ministack.services.s3")
    complete = s3._complete_multipart_upload  # noqa: SLF001 the hook point

    def complete_checked(bucket_name: str, key: str, body: bytes, query_params: Any, headers: Any = None) -> Any:
        upload = s3._multipart_uploads.get((query_params.get("uploadId") or [""])[0]) or {}  # noqa: SLF001 as above
        named = sorted(int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body))
        sizes = [len(part["body"]) for number in named if (part := upload.get("parts", {}).get(number))]
        if any(size < _LEAST_PART for size in sizes[:-1]):
            return s3._error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)  # noqa: SLF001
        return complete(bucket_name, key, body, query_params, headers)

    hook(
        s3, "_complete_multipart_upload", complete_checked, ("bucket_name", "key", "body", "query_params", "headers")
    )  # fmt: skip


if __name__ == "__main__":
    main()

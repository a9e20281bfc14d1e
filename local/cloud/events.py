"""PutEvents as EventBridge takes it (API reference, PutEvents; "Calculating PutEvents event entry size"), and delivers.

What a rule sends to a function is an asynchronous invocation (Lambda, "Asynchronous invocation"): one that fails is
made twice more and then goes to the function's destination, one that is throttled waits. MiniStack makes it once.
"""

import json
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

from local.cloud.emulator_hooks import hook, module

MAX_BYTES: Final = 256 * 1024
_THROTTLED_SECONDS: Final = 0.5  # AWS: from a second up to five minutes, for six hours
_is_asynchronous: ContextVar[bool] = ContextVar("is_asynchronous", default=False)


def deliver_events() -> None:
    """Invoke the function that a rule names until it has taken the event, as Lambda does."""
    events, functions = module("ministack.services.eventbridge"), module("ministack.services.lambda_svc")
    once, execute = events._dispatch_to_lambda, functions._execute_function  # noqa: SLF001 the hook points

    def dispatch(arn: str, payload: str) -> None:
        function, config, _ = functions._get_func_record_for_ref(arn)  # noqa: SLF001 as above
        if not function or not config:
            once(arn, payload)  # says so in the log
            return
        marked = _is_asynchronous.set(True)
        try:  # the thread that it starts takes the context along
            record = functions._execution_record_for_config(function, config)  # noqa: SLF001 as above
            functions.invoke_async_with_retry(record, json.loads(payload))
        finally:
            _is_asynchronous.reset(marked)

    def execute_patiently(func: Any, event: Any) -> Any:
        result = execute(func, event)
        while _is_asynchronous.get() and result.get("throttle"):
            time.sleep(_THROTTLED_SECONDS)
            result = execute(func, event)
        return result

    hook(events, "_dispatch_to_lambda", dispatch, ("arn", "payload"))
    hook(functions, "_execute_function", execute_patiently, ("func", "event"))


def check_events() -> None:
    """Refuse the entries that EventBridge refuses, and deliver the others."""
    events = module("ministack.services.eventbridge")
    put = events._put_events  # noqa: SLF001 the hook point

    def put_checked(data: Mapping[str, Any], allow_aws_source: bool = False) -> Any:  # noqa: FBT001, FBT002 the emulator's own
        entries = data.get("Entries", [])
        if sum(entry_size(entry) for entry in entries) >= MAX_BYTES:
            words = "Total size of the entries in the request is over the limit."
            return events.error_response_json("ValidationException", words, 400)
        refused = {place: wrong for place, entry in enumerate(entries) if (wrong := complaint(entry))}
        if not refused:
            return put(data, allow_aws_source)
        good = [entry for place, entry in enumerate(entries) if place not in refused]
        status, headers, body = put({**data, "Entries": good}, allow_aws_source)
        answer = json.loads(body)
        put_entries = iter(answer.get("Entries", []))
        answer["Entries"] = [
            dict(zip(("ErrorCode", "ErrorMessage"), refused[place], strict=True))
            if place in refused
            else next(put_entries)
            for place in range(len(entries))
        ]
        answer["FailedEntryCount"] = answer.get("FailedEntryCount", 0) + len(refused)
        return status, headers, json.dumps(answer).encode()

    hook(events, "_put_events", put_checked, ("data", "allow_aws_source"))


def entry_size(entry: Mapping[str, Any]) -> int:
    """Return an entry's size in bytes as EventBridge counts it."""
    texts = [str(entry.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    return 14 * ("Time" in entry) + sum(len(text.encode()) for text in [*texts, *entry.get("Resources", [])])


def complaint(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return code and message of what EventBridge has against an entry."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return "MalformedDetail", "Detail is malformed."
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")

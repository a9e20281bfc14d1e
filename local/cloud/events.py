"""PutEvents as EventBridge takes it (API reference, PutEvents; "Calculating PutEvents event entry size")."""

import json
from collections.abc import Mapping
from typing import Any, Final

from local.cloud.emulator_hooks import hook, module

MAX_BYTES: Final = 256 * 1024


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

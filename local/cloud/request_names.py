"""Names that AWS refuses and the emulator takes: each action's parameter with its form and the error."""

import re
from collections.abc import Mapping
from typing import Final

from local.cloud.requests import Complaint, Request

_IAM: Final = r"[\w+=,.@-]"
_FORMS: Final[Mapping[str, tuple[str, str, str]]] = {
    **dict.fromkeys(("iam:CreateRole", "iam:PutRolePolicy"), ("RoleName", _IAM + "{1,64}", "ValidationError")),
    **dict.fromkeys(("iam:CreateUser", "iam:PutUserPolicy"), ("UserName", _IAM + "{1,64}", "ValidationError")),
    "iam:CreatePolicy": ("PolicyName", _IAM + "{1,128}", "ValidationError"),
    "sns:CreateTopic": ("Name", r"[\w-]{1,256}|[\w-]{1,251}\.fifo", "InvalidParameter"),
    "lambda:CreateFunction": ("FunctionName", r"(?:arn:\S+|[\w:-]+:)?[\w-]{1,64}", "ValidationException"),
    "events:PutRule": ("Name", r"[\w.-]{1,64}", "ValidationException"),
    "states:CreateStateMachine": ("name", r"[\w.@+=,!&%~$-]{1,80}", "InvalidName"),
    "states:StartExecution": ("name", r"[\w.@+=,!&%~$-]{1,80}", "InvalidName"),
    "dynamodb:CreateTable": ("TableName", r"[\w.-]{3,255}", "ValidationException"),
}
_IN_PATH: Final = {"scheduler:CreateSchedule": (r"[\w.-]{1,64}", "ValidationException")}


def name_complaint(request: Request) -> Complaint | None:
    """Return what AWS has against the name that a request gives to what it creates."""
    if request.action in _IN_PATH:
        form, code = _IN_PATH[request.action]
        name = request.last_part()
    elif request.action in _FORMS:
        parameter, form, code = _FORMS[request.action]
        name = str(request.json.get(parameter) or request.text(parameter))
    else:
        return None
    if not name or re.fullmatch(form, name, re.ASCII):
        return None
    return Complaint(code, f"The name {name[:80]} is not valid: it must match {form}")

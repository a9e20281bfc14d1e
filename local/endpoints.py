"""What the twin's own endpoints (MWAA, Glue, Redshift) share: AWS's error shape, IAM, and a role's credentials.

IAM is MiniStack's: an endpoint forwards the request as it came to the cloud's process, which verifies the SigV4
signature and evaluates the caller's real policies (`local/cloud/__main__.py`, `POST /_twin/authorize`).
"""

import base64
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3
from starlette.responses import JSONResponse, Response

from local.isolation import guarded_session
from local.loopback import refuse_unless_loopback

# Loopback is never behind a proxy, whatever the shell says.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_TIMEOUT_SECONDS: Final = 10.0


class AwsError(Exception):
    """An error that the endpoint answers in AWS's shape: `code`, `message`, HTTP `status`, and modelled `fields`."""

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class AccessDenied(AwsError):  # noqa: N818 the name AWS gives it
    """The caller's signature or policies do not allow the call."""

    def __init__(self, message: str, code: str = "AccessDeniedException", status: int = 403) -> None:
        super().__init__(code, message, status)


class CloudUnreachableError(Exception):
    """The twin's AWS did not answer; no decision was made."""


@dataclass(frozen=True)
class Caller:
    """Who signed a request that was allowed; `user_id` is what policies know as aws:userid."""

    arn: str
    account_id: str
    user_id: str


def authorize(
    request_headers: Mapping[str, str] | Iterable[tuple[str, str]],
    method: str,
    raw_path_and_query: str,
    body: bytes,
    action: str,
    resource_arn: str,
    context: Mapping[str, str] | None = None,
) -> Caller:
    """Verify the request's signature and that its caller's policies allow `action` on `resource_arn`.

    Args:
        request_headers: as received; `request.headers` of Starlette, or pairs.
        method: the HTTP method as received.
        raw_path_and_query: the path still percent-encoded, with `?query` when there is one: it was signed like that.
        body: the body as received.
        action: an IAM action such as `airflow:InvokeRestApi`.
        resource_arn: what the action acts on; `*` for actions without a resource.
        context: the service's own condition keys, e.g. `redshift-data:statement-owner-iam-userid`.

    Raises:
        AccessDenied: signature wrong, key unknown or expired, or no policy allows the call.
        CloudUnreachableError: the twin's AWS is not there.

    """
    pairs = request_headers.items() if isinstance(request_headers, Mapping) else request_headers
    answer = _ask_cloud(
        "/_twin/authorize",
        {
            "method": method,
            "target": raw_path_and_query,
            "headers": [[name, value] for name, value in pairs],
            "body": base64.b64encode(body).decode("ascii"),
            "action": action,
            "resource": resource_arn,
            "context": dict(context or {}),
        },
    )
    if not answer["allowed"]:
        raise AccessDenied(answer["message"], answer["code"], answer["status"])
    return Caller(arn=answer["principal"], account_id=answer["account"], user_id=answer["user_id"])


def json_error(error: AwsError, request_id: str) -> Response:
    """`error` as AWS's JSON protocols send it: the code in a header and in the body, then the modelled fields."""
    return JSONResponse(
        {"__type": error.code, "message": error.message, **error.fields},
        status_code=error.status,
        headers={"x-amzn-errortype": error.code, "x-amzn-requestid": request_id},
        media_type="application/x-amz-json-1.1",
    )


def role_session(role_arn: str, session_name: str, service: str | None = None) -> boto3.Session:
    """Open a session with the credentials of `role_arn`, so that what an endpoint does for a role meets its policies.

    Args:
        role_arn: the role to act as.
        session_name: shows up in the ARN of the assumed role; 2-64 characters.
        service: e.g. `glue.amazonaws.com`; when given, the role's trust policy must name it, as on AWS. (The twin's
            root may assume any role that trusts some service, so STS alone would not notice a wrong one.)

    Raises:
        AccessDenied: the role does not trust `service`, or cannot be assumed.

    """
    root = root_session()
    if service is not None and not _trusts(root, role_arn, service):
        raise AccessDenied(
            f"{service} is not allowed to assume {role_arn}: its trust policy does not name the service."
        )
    sts = root.client("sts")
    try:
        keys = sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name)["Credentials"]
    except sts.exceptions.ClientError as error:
        raise AccessDenied(str(error)) from error
    return guarded_session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def root_session() -> boto3.Session:
    """Open a session with the account's root keys, which the supervisor gives to each endpoint's process."""
    return guarded_session(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])


def _trusts(root: boto3.Session, role_arn: str, service: str) -> bool:
    iam = root.client("iam")
    try:
        trust = iam.get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return False
    # boto3 decodes the document; its stubs still call it a string.
    document: Any = json.loads(trust) if isinstance(trust, str) else trust
    return any(_names_service(statement, service) for statement in document.get("Statement", []))


def _names_service(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service", []) if isinstance(principal, Mapping) else []
    named = [services] if isinstance(services, str) else services
    return statement.get("Effect") == "Allow" and service in named


def _ask_cloud(path: str, question: Mapping[str, Any]) -> dict[str, Any]:
    url = refuse_unless_loopback(os.environ["AWS_ENDPOINT_URL"]).rstrip("/") + path
    request = urllib.request.Request(  # noqa: S310 the scheme is http: refuse_unless_loopback has seen the URL
        url,
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
    except (urllib.error.URLError, TimeoutError) as error:
        raise CloudUnreachableError(f"The twin's AWS at {url} does not answer: {error}") from error
    return answer

"""What S3 asks for beside the right of the call itself: to list, to use a key, to tag. MiniStack asks for none of it.

S3 API, "GetObject" and "HeadObject", "Permissions": of an object that is not there, only who may list the bucket is
told so; anybody else gets 403. A caller whose ListBucket is bound to a prefix may not, for these calls have none.
"""

import functools
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from local.cloud.emulator_hooks import hook, module
from local.cloud.iam_enforcement import Asked, Decide, around_enforcement
from local.cloud.requests import Answer, Complaint, Dispatch, Request, around_requests

_READS: Final = frozenset({
    "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes",
})  # fmt: skip
_KMS: Final = ("aws:kms", "aws:kms:dsse")
_ALGORITHM: Final = "x-amz-server-side-encryption"
_ABOUT_THE_OBJECT: Final = frozenset({"tagging", "acl", "retention", "legal-hold", "attributes"})
_KEY_ID: Final = "x-amz-server-side-encryption-aws-kms-key-id"

Checks = list[tuple[str, str]]


def check_rights_beside_the_call() -> None:
    """Check S3's callers for the rights that a missing object, a KMS key and tags ask for."""
    around_requests(_hide_what_is_missing)
    around_requests(_need_a_working_key)
    around_enforcement(_keys_have_their_own_policies)
    actions = module("ministack.core.iam_actions")
    hook(
        actions, "s3_additional_checks", functools.partial(_with_keys_and_tags, actions.s3_additional_checks),
        ("method", "path", "headers", "body", "query_params"),
    )  # fmt: skip


async def _hide_what_is_missing(request: Request, dispatch: Dispatch) -> Answer:
    answer = await dispatch(request)
    if answer[0] != HTTPStatus.NOT_FOUND or not request.key:
        return answer
    source = unquote(request.headers.get("x-amz-copy-source", "")).lstrip("/")
    if source:  # a copy reads its source
        bucket, by_version = source.partition("/")[0], "?versionId=" in source
    else:
        bucket, by_version = request.bucket, "versionId" in request.query
    if (not source and request.action not in _READS) or not _exists(bucket):
        return answer
    # S3's pages name ListBucket only; whether a version wants the other, they do not say: here it wants both.
    for action in ("s3:ListBucket", *(["s3:ListBucketVersions"] if by_version else [])):
        if (denied := request.denied(action, f"arn:aws:s3:::{bucket}")) is not None:
            words = f"User: {denied} is not authorized to perform: {action} on resource: arn:aws:s3:::{bucket}"
            return request.refused(Complaint("AccessDenied", words, 403))
    return answer


def _exists(bucket: str) -> bool:
    return bucket in module("ministack.services.s3")._buckets  # noqa: SLF001 the emulator's own look-up


async def _need_a_working_key(request: Request, dispatch: Dispatch) -> Answer:
    for action, reference in _uses(request.method, request.path, request.headers, request.query, request.service):
        kms = module("ministack.services.kms")
        record = kms._resolve_key(reference)  # noqa: SLF001 the emulator's own look-up
        if record is None:
            return request.refused(Complaint("KMS.NotFoundException", f"Key '{reference}' does not exist"))
        if kms._check_key_state(record) is not None:  # noqa: SLF001 as above
            state = f"{record['Arn']} cannot be used for {action}: it is {record['KeyState']}."
            return request.refused(Complaint("KMS.DisabledException", state))
    return await dispatch(request)


def _with_keys_and_tags(
    original: Any, method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
) -> Checks:
    checks: Checks = original(method, path, headers, body, query_params)
    kms = module("ministack.services.kms")
    for action, reference in _uses(method, path, headers, query_params, "s3"):
        record = kms._resolve_key(reference)  # noqa: SLF001 as above
        checks.append((action, record["Arn"] if record else reference))
    return [*checks, *_tagging(method, path, headers, query_params)]


def _keys_have_their_own_policies(asked: Asked, decide: Decide) -> Any:
    """Ask for a key's right as KMS does, by the key's policy too, though the request came to S3."""
    return decide(replace(asked, service="kms") if asked.action.startswith("kms:") else asked)


def _uses(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any], service: str) -> Checks:
    """Return what a request does with KMS keys: the right, and the key as the object or the bucket names it.

    S3 guide, "Using server-side encryption with AWS KMS keys", "Permissions".
    """
    bucket, _, key = path.lstrip("/").partition("/")
    if service != "s3" or not key or query.keys() & _ABOUT_THE_OBJECT:
        return []
    found = []
    if method in {"GET", "HEAD"} and "uploadId" not in query:
        found.append(("kms:Decrypt", _key_of_object(bucket, key, (query.get("versionId") or [""])[0])))
    if source := _source(headers):
        found.append(("kms:Decrypt", _key_of_object(*source)))
    if method == "PUT" or (method == "POST" and "uploads" in query):
        found.append(("kms:GenerateDataKey", _key_of_write(bucket, headers)))
    return [(action, reference) for action, reference in found if reference]


def _source(headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return bucket, key and version of what a copy reads."""
    path, _, query = headers.get("x-amz-copy-source", "").lstrip("/").partition("?")
    bucket, _, key = unquote(path).partition("/")
    return (bucket, key, parse_qs(query).get("versionId", [""])[0]) if key else None


def _key_of_object(bucket: str, key: str, version: str) -> str:
    s3 = module("ministack.services.s3")
    if version:
        versions = s3._object_versions.get((bucket, key), [])  # noqa: SLF001 the emulator's own look-up
        record = next((one for one in versions if one["version_id"] == version), None)
        found = s3._object_record_from_version(record) if record and not record.get("is_delete_marker") else None  # noqa: SLF001
    else:
        found = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key)  # noqa: SLF001 as above
    return _key_named(s3._stored_sse_headers(found)) if found else ""  # noqa: SLF001 as above


def _key_of_write(bucket: str, headers: Mapping[str, str]) -> str:
    default = module("ministack.services.s3")._bucket_default_sse_headers  # noqa: SLF001 as above
    return _key_named(headers if headers.get(_ALGORITHM) else default(bucket))


def _key_named(headers: Mapping[str, str]) -> str:
    return headers.get(_KEY_ID, "") if headers.get(_ALGORITHM) in _KMS else ""


def _tagging(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> Checks:
    """Return the rights of a write that sets tags, and of a copy that takes them along (S3 API, "CopyObject")."""
    if method not in {"PUT", "POST"} or "/" not in path.lstrip("/") or query.keys() & _ABOUT_THE_OBJECT:
        return []
    put = ("s3:PutObjectTagging", f"arn:aws:s3:::{path.lstrip('/')}")
    if headers.get("x-amz-tagging"):
        return [put]
    if (source := _source(headers)) is None or headers.get("x-amz-tagging-directive", "COPY") != "COPY":
        return []
    bucket, key, version = source
    s3 = module("ministack.services.s3")
    current = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key) or {}  # noqa: SLF001 as above
    if not s3._object_tags.get((bucket, key, version or current.get("version_id"))):  # noqa: SLF001 as above
        return []
    get = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
    return [(get, f"arn:aws:s3:::{bucket}/{key}"), put]

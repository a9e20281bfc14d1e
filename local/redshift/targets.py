"""Where statements run and as whom: a workgroup or a cluster, by IAM or by a secret. Pure but for reading that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local.endpoints import AwsError
from local.redshift.statements import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Parts of the API that would need what the twin has not; taking them in silence would promise something.
_REFUSED: Final = {
    "WithEvent": "the twin sends no event when a statement ends",
    "SessionId": "the twin keeps no sessions between calls",
    "SessionKeepAliveSeconds": "the twin keeps no sessions between calls",
    "StatementName": "the twin lists no statements",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What exists: one database, in a workgroup and, when `cluster` is not empty, in a cluster.

    `workgroup_id` is the last part of the workgroup's ARN, a UUID that has nothing to do with the name.
    """

    database: str = "analytics"
    workgroup: str = "suimon-local"
    cluster: str = ""
    workgroup_id: str = "6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4"


def no_secrets(secret: str) -> str:
    """Stand where no Secrets Manager is."""
    raise AwsError("ValidationException", f"SecretArn: this endpoint has no Secrets Manager to ask for {secret}.")


def target_of(request: Mapping[str, Any], owner: str, names: Names, read_secret: Callable[[str], str]) -> Target:
    """Return where a request's statements run and as whom; AwsError as the service words it."""
    _refuse(request)
    workgroup, cluster, user = (request.get(name) for name in ("WorkgroupName", "ClusterIdentifier", "DbUser"))
    secret = request.get("SecretArn")
    if workgroup and cluster:
        raise AwsError("ValidationException", "Only one of ClusterIdentifier and WorkgroupName can be specified.")
    if not workgroup and not cluster:
        message = "Either ClusterIdentifier, WorkgroupName or SessionId must be provided."
        raise AwsError("ValidationException", message)
    if workgroup and user:
        raise AwsError("ValidationException", "DbUser cannot be specified with WorkgroupName.")
    if secret and user:
        raise AwsError("ValidationException", "Only one of DbUser and SecretArn can be specified.")
    if not request.get("Database"):
        raise AwsError("ValidationException", "Database must be provided.")
    if workgroup:
        known = workgroup == names.workgroup or workgroup.endswith(f":workgroup/{names.workgroup_id}")
    else:
        known = cluster == names.cluster
    if not known:
        raise AwsError("ValidationException", "Redshift endpoint doesn't exist in this region.")
    named = user or (_secret_user(secret, read_secret(secret)) if secret else _database_user(owner))
    return Target(request["Database"], workgroup, cluster, named, secret)


def _refuse(request: Mapping[str, Any]) -> None:
    for name, reason in _REFUSED.items():
        if request.get(name):
            raise AwsError("ValidationException", f"{name}: {reason}.")
    if request.get("ExecutionMode") == "AUTO_COMMIT":
        raise AwsError("ValidationException", "ExecutionMode: the twin runs a batch as one transaction.")
    if request.get("ResultFormat", "JSON") != "JSON":
        raise AwsError("ValidationException", "ResultFormat: the twin gives JSON only.")


def _secret_user(secret: str, text: str) -> str:
    """Return the user of a secret, which must be as Redshift's are: JSON with username and password."""
    try:
        value = json.loads(text)
        user, password = value["username"], value["password"]
    except (ValueError, TypeError, KeyError) as error:
        raise AwsError("ValidationException", f"The secret {secret} must hold username and password.") from error
    if not user or not password:
        raise AwsError("ValidationException", f"The secret {secret} must hold username and password.")
    return str(user)


def _database_user(owner: str) -> str:
    """Return the user that temporary credentials stand for: IAM:user or IAMR:role; of the account's root IAM:root."""
    kind = "IAMR" if ":assumed-role/" in owner else "IAM"
    return f"{kind}:{owner.rpartition('/')[2].rpartition(':')[2]}"

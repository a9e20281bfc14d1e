"""What the gate asks of a run: the DAG's conf, as JSON Schema for Airflow and as a value for the tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Narrower than S3 itself: exactly what the gate writes, and nothing that could end a quoted SQL literal.
S3_OBJECT = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=+-]+)+"
S3_FOLDER = S3_OBJECT + "/"
ROLE_ARN = r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}"
# CreateEventBus takes these characters; the account's default bus is everybody's and never a stack's own.
EVENT_BUS = r"^(?!default$)[A-Za-z0-9._-]{1,256}$"

# Behind the year: a day, an hour of it, a month, a week. Behind the time: what else tells partitions apart.
_TIME = "[0-9]{2}-[0-9]{2}(T[0-9]{2})?|[0-9]{2}|W[0-9]{2}"
_PART = "[a-z][a-z0-9_]{0,30}=[A-Za-z0-9_-]{1,64}"

_NAME = {"type": "string", "minLength": 1}
_NULL = {"type": "null"}

# One entry per key of conf; Airflow answers 400 to a trigger that does not fit.
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "dataset": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$", "description": "The contract's dataset"},
    "partition": {
        "type": "string",
        "pattern": f"^(all|[0-9]{{4}}-({_TIME}))(/{_PART})*$",
        "maxLength": 256,  # as the load log's column
        # The pattern takes 30 February for a day.
        "anyOf": [{"format": "date"}, {"not": {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}}],
        "description": "What the file replaces, such as a business date: runs have no logical date",
    },
    "partition_values": {
        "type": "object",
        "default": {},
        "additionalProperties": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        "description": "The partition as its columns hold it; of a business date the date itself",
    },
    "drop_id": {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The file's identity in the ledger"},
    "attempt": {"type": "integer", "minimum": 1, "description": "1 from the gate, more by replay"},
    "written": {
        "type": "string",
        "pattern": r"^[0-9A-F]{32,}\.[0-9]{8}(\.[0-9]{4})?$",
        "maxLength": 64,  # as the load log's column
        "description": "When the drop was written, as text that sorts so among the writes of its key",
    },
    "rows": {"type": "integer", "minimum": 0, "description": "Rows of the file as the gate counted them"},
    "source_uri": {"type": "string", "pattern": f"^{S3_OBJECT}$", "description": "The accepted copy of the CSV"},
    "contract_uri": {"type": "string", "pattern": f"^{S3_OBJECT}$", "description": "The compiled contract"},
    "target_uri": {"type": "string", "pattern": f"^{S3_FOLDER}$", "description": "Folder of this attempt's Parquet"},
    "glue_job": {**_NAME, "description": "Glue job that converts CSV to Parquet"},
    "redshift": {
        "type": "object",
        "required": ["database"],
        "additionalProperties": False,
        "properties": {
            "database": _NAME,
            "workgroup_name": {"type": ["string", "null"]},
            "cluster_identifier": {"type": ["string", "null"]},
            "secret_arn": {"type": ["string", "null"]},
        },
        "oneOf": [
            {"required": ["workgroup_name"], "properties": {"workgroup_name": _NAME, "cluster_identifier": _NULL}},
            {"required": ["cluster_identifier"], "properties": {"cluster_identifier": _NAME, "workgroup_name": _NULL}},
        ],
        "description": "A workgroup or a cluster; with a secret, or as IAM when secret_arn is null",
    },
    "copy_role_arn": {"type": "string", "pattern": f"^{ROLE_ARN}$", "description": "Role that COPY reads S3 with"},
    "event_bus": {"type": "string", "pattern": EVENT_BUS, "description": "Bus of the stack whose run this is"},
    "release": {
        "type": "string",
        "pattern": "^([0-9a-f]{12})?$",
        "default": "",
        "description": "Release of the gate; the DAGs and the Glue job refuse another one's run",
    },
    "empties": {
        "type": "boolean",
        "default": False,
        "description": "A person has retracted the only file of the partition: no rows, whatever the contract says",
    },
}


@dataclass(frozen=True)
class Redshift:
    """Where statements run; exactly one of workgroup and cluster is set."""

    database: str
    workgroup_name: str | None = None
    cluster_identifier: str | None = None
    secret_arn: str | None = None


@dataclass(frozen=True)
class RunRequest:
    """One attempt to load one accepted file; `rows` is what the gate counted."""

    dataset: str
    partition: str
    drop_id: str
    attempt: int
    written: str
    rows: int
    source_uri: str
    contract_uri: str
    target_uri: str
    glue_job: str
    redshift: Redshift
    copy_role_arn: str
    event_bus: str
    empties: bool = False
    partition_values: Mapping[str, str] = field(default_factory=dict)
    release: str = ""

    @property
    def first_day(self) -> str:
        """The first day of its partition, by which a version of the contract judges it."""
        return self.partition_values.get("partition_first", self.partition)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> RunRequest:
        """Take the params of a run, which Airflow has validated against SCHEMAS."""
        redshift = Redshift(**params["redshift"])
        given = {name: params[name] for name in SCHEMAS if name != "redshift" and name in params}
        return cls(**given, redshift=redshift)

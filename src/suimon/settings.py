"""What a function knows of its stack, read once from the environment by the entry point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suimon.warehouse.data_api import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SettingsError(Exception):
    """A setting is missing or contradicts another; the message names the environment variable."""


@dataclass(frozen=True)
class Settings:
    """Names and ARNs of the stack's resources; every function gets only the ones it uses, the rest are empty."""

    ledger_table: str
    alerts_topic_arn: str
    lake_bucket: str
    reports_bucket: str
    mwaa_environment: str
    glue_job: str
    copy_role_arn: str
    warehouse: Warehouse | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the SUIMON_* variables; SettingsError names what is missing for everybody."""

        def value(name: str) -> str:
            return environment.get(f"SUIMON_{name}", "")

        for name in ("LEDGER_TABLE", "ALERTS_TOPIC_ARN"):
            if not value(name):
                raise SettingsError(f"SUIMON_{name} is not set: deploy the function with template.yaml, which sets it")
        return cls(
            ledger_table=value("LEDGER_TABLE"),
            alerts_topic_arn=value("ALERTS_TOPIC_ARN"),
            lake_bucket=value("LAKE_BUCKET"),
            reports_bucket=value("REPORTS_BUCKET"),
            mwaa_environment=value("MWAA_ENVIRONMENT"),
            glue_job=value("GLUE_JOB"),
            copy_role_arn=value("REDSHIFT_COPY_ROLE_ARN"),
            warehouse=_warehouse(value),
        )


def _warehouse(value: Callable[[str], str]) -> Warehouse | None:
    if not value("REDSHIFT_DATABASE"):
        return None
    workgroup, cluster = value("REDSHIFT_WORKGROUP"), value("REDSHIFT_CLUSTER")
    if bool(workgroup) == bool(cluster):
        raise SettingsError("set exactly one of SUIMON_REDSHIFT_WORKGROUP and SUIMON_REDSHIFT_CLUSTER")
    return Warehouse(
        database=value("REDSHIFT_DATABASE"),
        workgroup_name=workgroup or None,
        cluster_identifier=cluster or None,
        secret_arn=value("REDSHIFT_SECRET_ARN") or None,
    )


@dataclass(frozen=True)
class Places:
    """Where things lie: bucket names and queue URLs."""

    raw_bucket: str
    reports_bucket: str
    intake_queue: str
    dead_letter_queues: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Places:
        """Read the SUIMON_* variables; SettingsError names the one that is missing."""
        names = ("RAW_BUCKET", "REPORTS_BUCKET", "INTAKE_QUEUE", "INTAKE_DEAD_LETTER_QUEUE", "UNDELIVERED_QUEUE")
        values = [environment.get(f"SUIMON_{name}", "") for name in names]
        if not all(values):
            missing = names[values.index("")]
            raise SettingsError(f"SUIMON_{missing} is not set: deploy the function with template.yaml, which sets it")
        return cls(values[0], values[1], values[2], tuple(values[3:]))

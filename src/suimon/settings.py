"""What a function knows of its stack, read once from the environment by the entry point."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.values import dataclass
from suimon.warehouse.data_api import Warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping

# The variable that each setting comes from; template.yaml sets them.
VARIABLES = {
    "stack": "SUIMON_STACK",
    "ledger_table": "SUIMON_LEDGER_TABLE",
    "alerts_topic_arn": "SUIMON_ALERTS_TOPIC_ARN",
    "chat_topic_arn": "SUIMON_CHAT_TOPIC_ARN",
    "watch_topic_arn": "SUIMON_WATCH_TOPIC_ARN",
    "raw_bucket": "SUIMON_RAW_BUCKET",
    "lake_bucket": "SUIMON_LAKE_BUCKET",
    "reports_bucket": "SUIMON_REPORTS_BUCKET",
    "intake_queue": "SUIMON_INTAKE_QUEUE",
    "intake_dead_letter_queue": "SUIMON_INTAKE_DEAD_LETTER_QUEUE",
    "undelivered_queue": "SUIMON_UNDELIVERED_QUEUE",
    "mwaa_environment": "SUIMON_MWAA_ENVIRONMENT",
    "glue_job": "SUIMON_GLUE_JOB",
    "event_bus": "SUIMON_EVENT_BUS",
    "intake_concurrency": "SUIMON_INTAKE_CONCURRENCY",
    "copy_role_arn": "SUIMON_REDSHIFT_COPY_ROLE_ARN",
    "release": "SUIMON_RELEASE",
    "tag_versions": "SUIMON_TAG_VERSIONS",
}
TABLE_HOURS, USUAL_TABLE_HOURS = "SUIMON_TABLE_QUESTION_HOURS", 24
OF_ALL = ("stack", "ledger_table", "alerts_topic_arn")
# What each function cannot do without beside that. Of Redshift's variables, which depend on each other,
# `_warehouse` knows more.
NEEDED = {
    "intake": (
        "raw_bucket",
        "lake_bucket",
        "reports_bucket",
        "mwaa_environment",
        "glue_job",
        "event_bus",
        "copy_role_arn",
        "intake_concurrency",
    ),
    "outcome": ("mwaa_environment", "event_bus"),
    "freshness": (
        "event_bus",
        "watch_topic_arn",
        "raw_bucket",
        "lake_bucket",
        "reports_bucket",
        "intake_queue",
        "intake_dead_letter_queue",
        "undelivered_queue",
        "mwaa_environment",
    ),
    "replay": ("reports_bucket",),
}
_HOUR_DIGITS = 4
DATABASE, WORKGROUP, CLUSTER, SECRET = (
    "SUIMON_REDSHIFT_DATABASE",
    "SUIMON_REDSHIFT_WORKGROUP",
    "SUIMON_REDSHIFT_CLUSTER",
    "SUIMON_REDSHIFT_SECRET_ARN",
)


class SettingsError(Exception):
    """A setting is missing or contradicts another; the message names the environment variable."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Names, ARNs and URLs of the stack's resources. A function gets only those it uses, the others are empty."""

    ledger_table: str
    alerts_topic_arn: str
    stack: str = ""
    chat_topic_arn: str = ""
    watch_topic_arn: str = ""
    raw_bucket: str = ""
    lake_bucket: str = ""
    reports_bucket: str = ""
    intake_queue: str = ""
    intake_dead_letter_queue: str = ""
    undelivered_queue: str = ""
    mwaa_environment: str = ""
    glue_job: str = ""
    event_bus: str = ""
    intake_concurrency: str = ""
    copy_role_arn: str = ""
    release: str = ""  # what gate, DAGs and Glue job share; empty when deployed by hand
    tag_versions: str = ""  # "yes" or not
    redshift: Warehouse | None = None
    tables_every: timedelta = timedelta(hours=USUAL_TABLE_HOURS)  # after so long a fresh table is asked again

    @classmethod
    def of(cls, function: str, environment: Mapping[str, str]) -> Settings:
        """Read the variables; SettingsError when one is missing that the function needs."""
        values = {name: environment.get(variable, "") for name, variable in VARIABLES.items()}
        for name in (*OF_ALL, *NEEDED[function]):
            if not values[name]:
                raise SettingsError(_unset(VARIABLES[name]))
        return cls(**values, redshift=_warehouse(environment), tables_every=_tables_every(environment))

    @property
    def tags_versions(self) -> bool:
        """Whether versions are tagged, on which a sender reads what became of them."""
        return self.tag_versions == "yes"

    @property
    def warehouse(self) -> Warehouse:
        """The database that tables are loaded into; SettingsError when this function was given none."""
        if self.redshift is None:
            raise SettingsError(_unset(DATABASE))
        return self.redshift


def _warehouse(environment: Mapping[str, str]) -> Warehouse | None:
    database, workgroup, cluster, secret = (
        environment.get(name) or None for name in (DATABASE, WORKGROUP, CLUSTER, SECRET)
    )
    if database is None:
        return None
    if bool(workgroup) == bool(cluster):
        raise SettingsError(f"set exactly one of {WORKGROUP} and {CLUSTER}")
    return Warehouse(database=database, workgroup_name=workgroup, cluster_identifier=cluster, secret_arn=secret)


def _tables_every(environment: Mapping[str, str]) -> timedelta:
    given = environment.get(TABLE_HOURS) or str(USUAL_TABLE_HOURS)
    if not (given.isascii() and given.isdigit() and len(given) <= _HOUR_DIGITS):
        raise SettingsError(f"{TABLE_HOURS} is {given!r}: write a number of hours, 0 for every round")
    return timedelta(hours=int(given))


def _unset(variable: str) -> str:
    return f"{variable} is not set: deploy the function with template.yaml, which sets it"

"""The settings of the stack that tests of the gate imagine."""

from suimon.settings import Settings
from suimon.warehouse.data_api import Warehouse

SETTINGS = Settings(
    ledger_table="ledger",
    alerts_topic_arn="",
    raw_bucket="raw",
    lake_bucket="lake",
    reports_bucket="reports",
    mwaa_environment="env",
    glue_job="job",
    event_bus="stack",
    copy_role_arn="arn:aws:iam::123456789012:role/copy",
    redshift=Warehouse(database="analytics", workgroup_name="wg"),
)

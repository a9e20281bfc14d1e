"""User events: what happened on the site in one day of Japan's, into user_events."""

from __future__ import annotations

from suimon_etl.pipeline import file_to_table

# Airflow parses no file in which it finds neither its own name nor that of a DAG.
dag = file_to_table("user_events", at_once=4, doc=__doc__)

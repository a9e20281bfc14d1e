"""Sales: every order of one business day, into sales_fact."""

from __future__ import annotations

from suimon_etl.pipeline import file_to_table

# Airflow parses no file in which it finds neither its own name nor that of a DAG.
dag = file_to_table("sales", at_once=4, doc=__doc__)

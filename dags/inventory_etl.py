"""Inventory: the weekly count of the warehouses, into inventory."""

from __future__ import annotations

from suimon_etl.pipeline import file_to_table

# Airflow parses no file in which it finds neither its own name nor that of a DAG.
dag = file_to_table("inventory", at_once=2, doc=__doc__)

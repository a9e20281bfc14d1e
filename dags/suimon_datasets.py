"""The DAG of each dataset of the release; those that bring their own have a file `dag_of_<dataset>.py` beside this one.

Airflow parses only files in which it finds its own name and that of a DAG, and takes the DAGs that are global names.
"""

from __future__ import annotations

from suimon_etl.pipeline import dags_of_datasets

globals().update(dags_of_datasets())

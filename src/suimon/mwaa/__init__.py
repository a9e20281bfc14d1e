"""Airflow behind MWAA's InvokeRestApi: requests, run ids, states of runs."""

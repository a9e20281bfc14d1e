"""The twin's MWAA: AWS's way into Airflow (`InvokeRestApi`, `GetEnvironment`), and DAGs that come from a bucket."""

"""The freshness function's second half: what fell between bucket, ledger, queues and Airflow."""

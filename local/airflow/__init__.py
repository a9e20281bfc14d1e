"""The real Airflow of MWAA's version, on loopback."""

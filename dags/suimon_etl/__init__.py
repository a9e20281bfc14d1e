"""What the tasks of the ETL DAGs do, apart from Airflow's wiring."""

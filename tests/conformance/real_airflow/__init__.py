"""A package, so that its one Airflow ends with its last test: idle it takes a tenth of a core.

Not of the name `airflow`: pytest would import it as the real one.
"""

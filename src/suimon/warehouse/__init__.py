"""The warehouse: its tables, and statements run through the Redshift Data API."""

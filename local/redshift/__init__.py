"""The twin's Redshift: the Data API over DuckDB, as strict as Redshift where that has bitten people.

Its first rule: it never reports a success for something it did not run. SQL outside of what `dialect` knows fails.
A request goes server -> service -> statements (state) -> session (transactions) -> dialect, rewriting, ddl, copying.
The history of statements lives in memory for 24 hours: after a restart old ids are unknown.
"""

"""The twin's Redshift: the Data API over DuckDB, for the SQL that the two run alike.

Its first rule: it never reports a success for something it did not run. `grammar` takes what stands in it and nothing
else, `expressions` and `functions` ask every operand for its type; whatever they do not know is refused by name.
A request goes server -> service -> statements (state) -> session (transactions) -> dialect, queries, ddl, copying.
The history of statements lives in memory for 24 hours: after a restart old ids are unknown.
"""

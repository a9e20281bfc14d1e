"""The Glue job: accepted CSV to Parquet. `glue/build.py` packs these modules into the one script that is deployed."""

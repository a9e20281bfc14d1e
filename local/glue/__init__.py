"""The twin's Glue: the deployed job's own script on real Spark, behind the part of Glue's API that runs jobs."""

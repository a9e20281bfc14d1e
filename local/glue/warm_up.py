"""Load the classes that a conversion needs, then wait for Java to write them down at its exit. See `archive`."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses


def main(folder: Path) -> None:
    """Read, cast, write and count a few records below `folder`."""
    source = folder / "warm-up.csv"
    source.write_text('id,day,amount\n1,2026-11-20,"1.00"\n')
    spark = SparkSession.builder.getOrCreate()
    process = spark.sparkContext._gateway.proc  # type: ignore[union-attr] # noqa: SLF001 no public way to wait for it
    rows = spark.read.schema("id string, day string, amount string").csv(str(source), header=True, multiLine=True)
    day = F.try_to_timestamp("day", F.lit("yyyy-MM-dd")).cast("date").alias("day")
    amount = F.when(F.col("amount").rlike("^[0-9.]+$"), F.expr("try_cast(amount AS decimal(14,2))")).alias("amount")
    rows.select("id", day, amount).write.mode("overwrite").parquet(str(folder / "warm-up.parquet"))
    spark.stop()
    # PythonGatewayServer ends when its standard input does.
    process.stdin.close()
    process.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Load the classes that a conversion needs, then wait for Java to write them down at its exit. See `archive`."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 the name that all of PySpark's documentation uses


def main(folder: Path) -> None:
    """Read, cast, write and count a few records below `folder`."""
    source = folder / "warm-up.records"
    source.write_text("1\x1f2026-11-20\x1f1.00\x1e")
    spark = SparkSession.builder.getOrCreate()
    process = spark.sparkContext._gateway.proc  # type: ignore[union-attr] # noqa: SLF001 no public way to wait for it
    cells = spark.read.text(str(source), lineSep="\x1e").select(F.split("value", "\x1f").alias("cells"))
    rows = cells.select(*(F.col("cells")[place].alias(name) for place, name in enumerate(("id", "day", "amount"))))
    day = F.try_to_timestamp("day", F.lit("yyyy-MM-dd")).cast("date").alias("day")
    amount = F.when(F.col("amount").rlike("^[0-9.]+$"), F.expr("try_cast(amount AS decimal(14,2))")).alias("amount")
    written = str(folder / "warm-up.parquet")
    rows.select("id", day, amount).write.mode("overwrite").parquet(written)
    by_file = spark.read.parquet(written).groupBy(F.col("_metadata.file_name"))
    by_file.agg(F.count(F.lit(1)), F.sum(F.col("amount").cast("decimal(38,2)"))).collect()
    spark.stop()
    # PythonGatewayServer ends when its standard input does.
    process.stdin.close()
    process.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

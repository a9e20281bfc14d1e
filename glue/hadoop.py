"""Objects by Hadoop's file systems: the same way for `s3://` on Glue and for local files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

COPY_BYTES = 1024 * 1024


def read_text(spark: SparkSession, uri: str) -> str:
    """Return the text of one small object."""
    # Not by spark.read.text: Spark passes over names that begin with `_`, such as the contract's.
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.open(path)
    try:
        return bytes(stream.readAllBytes()).decode()
    finally:
        stream.close()


def read_start(spark: SparkSession, uri: str, limit: int) -> bytes:
    """Return the first `limit` bytes of an object, or all of a shorter one."""
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.open(path)
    try:
        return bytes(stream.readNBytes(limit))
    finally:
        stream.close()


def size_of(spark: SparkSession, uri: str) -> int:
    """Return the size of an object in bytes."""
    _, path, file_system = _hadoop(spark, uri)
    return int(file_system.getFileStatus(path).getLen())


def sizes_in(spark: SparkSession, uri: str) -> dict[str, int]:
    """Return the name and size in bytes of each object in a folder."""
    _, path, file_system = _hadoop(spark, uri)
    return {status.getPath().getName(): int(status.getLen()) for status in file_system.listStatus(path)}


def write_text(spark: SparkSession, uri: str, text: str) -> None:
    """Write one small object; one that is there is replaced."""
    _, path, file_system = _hadoop(spark, uri)
    stream = file_system.create(path, True)  # noqa: FBT003 Hadoop's own signature
    try:
        stream.write(bytearray(text.encode()))
    finally:
        stream.close()


def delete(spark: SparkSession, uri: str) -> None:
    """Remove one object; nothing happens where there is none."""
    _, path, file_system = _hadoop(spark, uri)
    file_system.delete(path, False)  # noqa: FBT003 Hadoop's own signature


def fetch(spark: SparkSession, uri: str, path: Path, *, zstd: bool) -> None:
    """Copy an object to the driver's disk, decompressed on the way if it is zstd: Python 3.11 cannot read that."""
    jvm, remote, file_system = _hadoop(spark, uri)
    source = file_system.open(remote)
    source = jvm.com.github.luben.zstd.ZstdInputStream(source) if zstd else source
    jvm.org.apache.hadoop.io.IOUtils.copyBytes(source, jvm.java.io.FileOutputStream(str(path)), COPY_BYTES, True)  # noqa: FBT003


def put(spark: SparkSession, path: Path, uri: str) -> None:
    """Copy a file on the driver's disk to an object; one that is there is replaced."""
    jvm, remote, file_system = _hadoop(spark, uri)
    target = file_system.create(remote, True)  # noqa: FBT003 Hadoop's own signature
    jvm.org.apache.hadoop.io.IOUtils.copyBytes(jvm.java.io.FileInputStream(str(path)), target, COPY_BYTES, True)  # noqa: FBT003


def _hadoop(spark: SparkSession, uri: str) -> tuple[Any, Any, Any]:
    """Return the JVM, the path and its file system."""
    context: Any = spark.sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path(uri)  # noqa: SLF001 PySpark offers no other way to Hadoop's file systems
    return context._jvm, path, path.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001 as above

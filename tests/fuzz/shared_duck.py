"""One database for file after file: to open one takes longer than to judge a small file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from suimon.check.duckdb_reader import Duck, open_duck
from suimon.contract.file import Column

_MEMORY = "256MB"  # what `check` takes if nothing else is said


@contextmanager
def opened_once(folder: Path, columns: tuple[Column, ...], **limits: Any) -> Iterator[Duck]:
    """Do as `open_duck`, within folders of the same place for temporary files; who wants less memory gets his own."""
    if limits["memory_limit"] != _MEMORY:
        with open_duck(folder, columns, **limits) as duck:
            yield duck
        return
    _, shared = _database(os.getpid(), Path(tempfile.gettempdir()))
    connection = shared._connection.cursor()
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    with connection:
        yield Duck(connection, columns)


@cache
def _database(_process: int, folder: Path) -> tuple[Any, Duck]:
    """Open it again in a process that was forked: its threads stayed behind."""
    opened = open_duck(folder, (), memory_limit=_MEMORY, disk_limit=10**8, threads=2)
    return opened, opened.__enter__()

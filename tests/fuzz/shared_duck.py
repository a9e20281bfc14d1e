"""One database for file after file: to open one takes longer than to judge a small file."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from suimon.check.duck import Duck, open_duck
from suimon.contract.file import Column


@contextmanager
def opened_once(_folder: Path, columns: tuple[Column, ...], **_limits: Any) -> Iterator[Duck]:
    """Do as `open_duck`, within folders of the same place for temporary files."""
    _, duck = _database(os.getpid(), Path(tempfile.gettempdir()))
    connection = duck._connection.cursor()
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    with connection:
        yield Duck(connection, columns)


@cache
def _database(_process: int, folder: Path) -> tuple[Any, Duck]:
    """Open it anew in a process that was forked: its threads stayed behind."""
    opened = open_duck(folder, (), memory_limit="256MB", disk_limit=10**8, threads=2)
    return opened, opened.__enter__()

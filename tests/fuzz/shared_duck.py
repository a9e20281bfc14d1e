"""A database for file after file: to open one takes fifty times as long as to judge a small file."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from suimon.check.duckdb_connection import Connection
from suimon.check.duckdb_reader import Duck, open_duck
from suimon.contract.file import Column

# What nobody has now, by process (threads stay behind when one is forked), memory and threads.
_idle = defaultdict[tuple[int, str, int], list[Connection]](list)
_open = ExitStack()


@contextmanager
def opened_once(
    folder: Path, columns: tuple[Column, ...], *, memory_limit: str, disk_limit: int, threads: int
) -> Iterator[Duck]:
    """Do as `open_duck`, with an empty database that another may have had, within the folders for temporary files."""
    shared = Path(tempfile.gettempdir())
    limits: dict[str, Any] = {"memory_limit": memory_limit, "disk_limit": disk_limit, "threads": threads}
    if not folder.is_relative_to(shared):
        with open_duck(folder, columns, **limits) as duck:
            yield duck
        return
    idle = _idle[os.getpid(), memory_limit, threads]
    connection = idle.pop() if idle else _open.enter_context(open_duck(shared, (), **limits))._connection
    yield Duck(connection, columns)
    for (name,) in connection.run("SELECT table_name FROM duckdb_tables()", {}):
        connection.run(f'DROP TABLE "{name}"', {})
    idle.append(connection)  # not after an error, which may have left it broken

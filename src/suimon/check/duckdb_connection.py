"""A connection of DuckDB, held tight: no more memory than told, one folder, no network; its errors tell no cell."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb

from suimon.check.found import CheckError, InterruptedCheckError, MalformedSheetError, NoMemoryError

_PARAMETER = re.compile(r"\$(\w+)")


class Connection:
    """What runs statements. Each thread needs its own: see `another`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def another(self) -> Self:
        """Return a connection to the same database for another thread."""
        return type(self)(self._connection.cursor())

    def run(self, query: str, known: dict[str, Any]) -> list[Any]:
        """Return the rows of a statement, which takes the parameters that it names.

        Raises:
            MalformedSheetError: DuckDB cannot read the sheet.
            NoMemoryError, InterruptedCheckError: it lacks memory, or disk.
            CheckError: anything else.

        """
        parameters = {name: known[name] for name in _PARAMETER.findall(query) if name in known}
        try:
            return self._connection.execute(query, parameters).fetchall()
        except duckdb.InvalidInputException:
            raise MalformedSheetError from None  # its text holds the line
        except (duckdb.OutOfMemoryException, duckdb.IOException, MemoryError) as error:
            reason = str(error).partition("\n")[0]  # what follows is advice on settings that are not the user's
            kind = InterruptedCheckError if isinstance(error, duckdb.IOException) else NoMemoryError
            raise kind(f"the file could not be checked: {reason}; give it more memory or disk") from error
        except duckdb.Error as error:
            # Its text may hold cells.
            raise CheckError(
                f"the file could not be checked: DuckDB's {type(error).__name__}; please report it"
            ) from None


@contextmanager
def connected(folder: Path, *, memory_limit: str, disk_limit: int, threads: int) -> Iterator[Connection]:
    """Open a database that may read, write and spill in `folder`, up to `disk_limit` bytes there, and nowhere else."""
    config: dict[str, Any] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "async_threads": 1,  # by default eight, each with the address space of its stack
        "temp_directory": str(folder / "spill"),
        "max_temp_directory_size": f"{disk_limit}B",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_file_cache": "false",
        "allow_persistent_secrets": "false",
        "preserve_insertion_order": "true",  # record numbers are places in the file
    }
    try:
        connection = duckdb.connect(config=config)
    except (duckdb.Error, TypeError) as error:
        raise CheckError(f"DuckDB does not start: {error}") from error
    with connection:
        connection.execute("SET TimeZone = 'UTC'")  # or timestamps with a zone would depend on the machine's
        connection.execute("SET allowed_directories = $folders", {"folders": [str(folder)]})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield Connection(connection)

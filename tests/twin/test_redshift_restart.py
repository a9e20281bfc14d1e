"""The endpoint after `kill -9`: what was committed is there, and nothing is looked for outside this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.redshift.warehouse import open_warehouse
from tests.datasets import release
from tests.twin.redshift_server import NOW, endpoint

ROOT = Path(__file__).resolve().parents[2]
# Every kind of statement that DuckDB writes into its log, with the functions of CHECK constraints.
COMMITTED = [
    *release().tables.values(),
    "CREATE TABLE kept (word VARCHAR(5), day DATE, amount DECIMAL(5, 2))",
    "INSERT INTO kept (word, amount) VALUES ('a', 1.5), ('b', 1.5), ('c', 1.5)",
    "DELETE FROM kept WHERE amount > 1 AND word = 'c'",
    "CREATE TABLE taken (word VARCHAR(5))",
    "INSERT INTO taken SELECT word FROM kept",
    "CREATE TABLE emptied (a INTEGER)",
    "INSERT INTO emptied VALUES (1)",
    "TRUNCATE emptied",
    "CREATE TABLE gone (a INTEGER)",
    "DROP TABLE gone",
]
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.twin.redshift_server import NOW, endpoint
from tests.twin.test_redshift_restart import COMMITTED
from tests.datasets import release
with endpoint(Path(sys.argv[1])) as redshift:
    for sql in COMMITTED:
        assert redshift.run(sql).get("Error") is None, sql
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (folder / "warehouse.duckdb.wal").exists()
    return folder


def test_what_was_committed_before_kill_9_is_there_afterwards(killed: Path) -> None:
    with endpoint(killed) as redshift:
        assert redshift.rows("SELECT word, amount FROM kept ORDER BY word") == [["a", "1.50"], ["b", "1.50"]]
        assert redshift.rows("SELECT COUNT(*) FROM taken") == [[2]]
        assert redshift.rows("SELECT COUNT(*) FROM emptied") == [[0]]
        assert redshift.error("SELECT a FROM gone") == 'ERROR: relation "gone" does not exist'
        assert redshift.error("INSERT INTO kept (word) VALUES ('abcdef')").startswith("ERROR: value too long")


@pytest.mark.parametrize(
    "setting", ["autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"]
)
def test_duckdb_downloads_nothing(tmp_path: Path, setting: str) -> None:
    warehouse = open_warehouse(tmp_path / "w.duckdb", tmp_path, "", lambda _: pytest.fail("no COPY"), lambda: NOW)
    assert warehouse.connection().execute("SELECT current_setting(?)", [setting]).fetchall() == [(False,)]
    warehouse.close()

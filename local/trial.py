"""Try a dataset: deploy what of it changed into a twin that is up, send a file, and show it through to its rows.

What a stack update would do is done at once: the table by its CREATE TABLE, the contracts of all datasets into each
function's artifact, the DAG folder into its bucket. A table whose declaration changed keeps its rows where `suimon
warehouse migrate` could change it; else it is made again, and empty.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.table import Table as Grid
from rich.text import Text

from local import deploy
from local.airflow.site import site_of, unpause
from local.demo.following import Sent, follow
from local.supervisor import PartDiedError, twin_health
from local.twin import variables_of
from suimon.check.verdict import MASK
from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern
from suimon.contract.odcs.parse import compile_contracts
from suimon.contract.partition import WRITTEN, Unit, is_date, partition_of
from suimon.dataset.check_up import problems_of
from suimon.dataset.folder import datasets_below
from suimon.dataset.proposal.sample import SampleError, read_sample
from suimon.dataset.table_rows import records_of
from suimon.drops.drop import Drop
from suimon.drops.foreign_text import printable
from suimon.drops.states import State
from suimon.warehouse.data_api import RUNNING, Warehouse, run_query
from suimon.warehouse.describe import partition_columns
from suimon.warehouse.migration import declared, plan_migration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from rich.console import Console

    from local.twin import Twin
    from suimon.contract.model import Contract

WAREHOUSE: Final = Warehouse(database=deploy.DATABASE, workgroup_name=deploy.STACK)
SECONDS: Final = 300.0
SHOWN: Final = 10  # rows
UPRIGHT: Final = 3  # rows, where columns are too many to stand side by side
NARROWEST: Final = 10  # characters of a column that can be read
_START: Final = 65_536  # bytes of a file in which its first record stands


class TrialError(Exception):
    """A dataset cannot be tried; the message says why and what to do."""


@dataclass(frozen=True)
class Trial:
    """One file of one dataset, or the shards of one set, and the twin that takes them."""

    twin: Twin
    console: Console
    contract: Contract
    files: tuple[Path, ...]
    day: str

    def run(self) -> dict[str, object]:
        """Deploy what changed, send the files, show what became of them; return that, as `suimon dataset try` tells.

        `loaded`: whether their rows are in the table.
        """
        deployed = redeploy(self.twin, self.contract)
        for what in deployed:
            self.console.print(f"deployed: {what}", highlight=False, soft_wrap=True)
        sent = self._put_all()
        root = self.twin.session()
        ledger = root.resource("dynamodb").Table(self.twin.outputs["LedgerTable"])
        standings = follow(self.twin, self.console, ledger, root.client("glue"), sent, SECONDS)
        states = {standing.state for standing in standings.values()}
        state = states.pop() if len(states) == 1 else None
        if state is State.DUPLICATE:
            again = "The same bytes were sent before: that file is run again, by the dataset as it is now."
            self.console.print(again, soft_wrap=True)
            state = State.LOADED if self._suimon("replay", self.contract.dataset, *self._range()) == 0 else state
        found: dict[str, object] = {
            "dataset": self.contract.dataset,
            "partition": self.day,
            "deployed": deployed,
            "files": [
                {
                    "drop_id": one.drop.id,
                    "bucket": one.drop.bucket,
                    "key": one.drop.key,
                    "version_id": one.drop.version_id,
                }
                | {"state": standings[one.drop.id].state}
                for one in sent
            ],
            "loaded": state is State.LOADED,
            "table": self.contract.table,
            "rows": None,
        }
        if state is not State.LOADED:
            ended = next((one for one in sent if standings[one.drop.id].state is not State.LOADED), sent[0])
            self._suimon("explain", ended.drop.id)  # not its date, of which another file may be loaded
            return found
        return found | {"rows": self._show_rows()}

    def _put_all(self) -> list[Sent]:
        """Send every file, and of a set last what says which shards there are."""
        pattern, rule, at = self.contract.key_pattern, self.contract.set_rule, datetime.now(UTC)
        if pattern is None:
            raise TrialError(f"{self.contract.dataset} takes no files: its table is only watched")
        numbered = enumerate(self.files, 1)
        keys = [key_of(pattern, self.day, file.name, at, f"{number}") for number, file in numbered]
        if len(set(keys)) < len(keys):
            raise TrialError(f"two of the files have one key: {', '.join(keys)}; call them otherwise")
        sent = [self._put(key, file.read_bytes(), at) for key, file in zip(keys, self.files, strict=True)]
        if rule and rule.control:
            listed = json.dumps({"files": keys}).encode() if rule.manifest else b""
            self._put(rule.control.key_for(self.day), listed, at)
        return sent

    def _put(self, key: str, content: bytes, at: datetime) -> Sent:
        bucket = self.twin.outputs["RawBucket"]
        answer = self.twin.session("upstream").client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        self.console.print(f"sent: s3://{bucket}/{key}", highlight=False, soft_wrap=True)
        drop = Drop(bucket, key, answer["VersionId"], answer["ETag"].strip('"'), len(content), "")
        shard = self.contract.shard(key)
        return Sent(f"{self.contract.dataset} {self.day}{f' {shard}' if shard else ''}", drop, at, State.LOADED)

    def _range(self) -> tuple[str, ...]:
        return "--from", self.day, "--to", self.day

    def _suimon(self, *arguments: str) -> int:
        command = [sys.executable, "-c", "from suimon.cli.main import main; main()", *arguments]
        beside = sys.stderr if self.console.stderr else None
        own = variables_of(self.twin, "operator")
        return subprocess.run(command, env=own, stdout=beside, check=False).returncode

    def _show_rows(self) -> int:
        """Show the first rows, and return how many there are."""
        client, table = self.twin.session().client("redshift-data"), self.contract.table
        columns = partition_columns(self.contract)
        where = f"FROM {table}" + (" WHERE " if columns else "") + " AND ".join(one.condition for one in columns)
        bound = partition_of(self.day).values or ({"partition": self.day} if columns else None)
        [counted] = run_query(client, WAREHOUSE, f"SELECT COUNT(*) AS rows {where}", bound)
        rows = run_query(client, WAREHOUSE, f"SELECT * {where} LIMIT {SHOWN}", bound)
        hidden = {column.name for column in self.contract.columns if column.personal}
        self.console.print(f"{table}: {counted['rows']:,} rows of {self.day}", style="bold", highlight=False)
        shown = [
            {name: MASK if name in hidden and value is not None else value for name, value in row.items()}
            for row in rows
        ]
        self.console.print(grid_of(shown, self.console.width))
        return int(counted["rows"])


def grid_of(rows: Sequence[Mapping[str, object]], width: int) -> Grid:
    """Return rows as a table; where its columns do not fit side by side, the first few rows stand there upright."""
    cells = [["" if cell is None else printable(str(cell)) for cell in row.values()] for row in rows]
    names = list(rows[0]) if rows else []
    grid = Grid(pad_edge=False, border_style="dim", show_header=len(names) * NARROWEST <= width)
    lines = cells
    if not grid.show_header:
        lines = [list(line) for line in zip(names, *cells[:UPRIGHT], strict=True)]
    for name in names if grid.show_header else ["", *cells[:UPRIGHT]]:
        grid.add_column(name if grid.show_header and isinstance(name, str) else "", overflow="fold")
    for line in lines:
        grid.add_row(*map(Text, line))
    return grid


def try_dataset(
    twin: Twin, console: Console, dataset: str, files: Sequence[Path], day: str | None
) -> dict[str, object]:
    """Try a file of a dataset, or a set, as Trial.run; TrialError when its folder is not right, or its date unknown."""
    if dead := twin_health(twin):
        raise PartDiedError(dead)
    folders = {folder.name: folder for folder in datasets_below(deploy.datasets_of(twin))}
    others = [folder for name, folder in folders.items() if name != dataset]
    if problems := problems_of(folders[dataset], others):
        advice = f"Nothing is deployed. Mend that, then: suimon dataset check {dataset}"
        raise TrialError("\n".join([*problems, advice]))
    contract = deploy.release_of(twin).contracts.of(dataset)
    refuse_other_number(contract, len(files))
    return Trial(twin, console, contract, tuple(files), day or business_date(contract, files[0])).run()


def refuse_other_number(contract: Contract, given: int) -> None:
    """Refuse more than one file, and of a set another number than it is whole with; TrialError."""
    if contract.set_rule is None and given > 1:
        raise TrialError(f"{given} files are given; a {contract.dataset} is one file: try each by itself")
    if contract.set_rule and (wanted := contract.set_rule.shards) and wanted != given:
        raise TrialError(f"a set of {contract.dataset} has {wanted} shards, and {given} are given: name all its files")


def business_date(contract: Contract, file: Path) -> str:
    """Return the business date of a file: that in its name, or of its first record; TrialError if neither tells."""
    if contract.key_pattern and (named := _named(contract.key_pattern, file.name)):
        return named
    if contract.unit is Unit.NONE and not contract.parts:
        return "all"
    column = next((one for one in contract.columns if one.partition == "ds"), None) if not contract.parts else None
    if contract.file and column:
        try:
            text = read_sample(file, _START).text
        except SampleError as error:
            raise TrialError(f"{error}") from error
        records = records_of(text, contract.file)[1 if contract.file.header else 0 :]
        cell = records[0][contract.columns.index(column)] if records else ""
        written = column.form(contract.file.decimal)
        cell = written.plain(cell) if written else cell
        for length in range(len(cell), 0, -1):  # of a timestamp the date as it is written
            try:
                day = datetime.strptime(cell[:length], (column.plain_format or "%Y-%m-%d")[:8])  # noqa: DTZ007 - a date
            except ValueError:
                continue
            if is_date(f"{day:%Y-%m-%d}"):
                return f"{day:%Y-%m-%d}"
    raise TrialError(f"of which business date is {file.name}? Name it: --partition {WRITTEN[contract.unit]}")


def key_of(pattern: KeyPattern, day: str, name: str, at: datetime, shard: str) -> str:
    """Return the key of a file: under its own name, where that is one for its date, with its stamp or its shard."""
    made = pattern.key_for(day, shard, at=at)
    own = f"{made.rpartition('/')[0]}/{name}".lstrip("/")
    return own if pattern.match(own) == day else made


def _named(pattern: KeyPattern, name: str) -> str | None:
    try:
        return KeyPattern(pattern.text.rpartition("/")[2], pattern.parts).match(name)
    except ContractError:  # the date stands in a folder of the key
        return None


def redeploy(twin: Twin, contract: Contract) -> list[str]:
    """Deploy what of the datasets is not what the twin has, and return what that was."""
    # The table first: what runs meanwhile loads into it by the names of the columns that it knows.
    done = [*_table(twin, contract), *put_contracts(twin)]
    if done:
        deploy.upload_dags(twin)
        unpause(site_of(twin), [contract.dag_id or ""], SECONDS)
        done.append(f"DAG {contract.dag_id}")
    return done


def put_contracts(twin: Twin) -> list[str]:
    """Put the contracts into each function whose artifact has others."""
    client, files = twin.session().client("lambda"), [one.contract for one in datasets_below(deploy.datasets_of(twin))]
    compiled = twin.runtime / "contracts.json"
    compile_contracts(files, compiled)
    changed = []
    for function in ("Intake", "Outcome", "Freshness", "Replay"):
        artifact = deploy.built(twin) / f"{function}Function"
        if (artifact / "contracts.json").read_bytes() == compiled.read_bytes():
            continue
        name = deploy.physical_name(twin, f"{function}Function")
        client.update_function_code(FunctionName=name, ZipFile=_zipped(artifact, compiled.read_bytes()))
        (artifact / "contracts.json").write_bytes(compiled.read_bytes())
        changed.append(name)
    return [f"contracts in {', '.join(changed)}"] if changed else []


def _zipped(artifact: Path, contracts: bytes) -> bytes:
    with io.BytesIO() as archive:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(artifact.rglob("*")):
                if path.is_file() and path != artifact / "contracts.json":
                    file.write(path, path.relative_to(artifact))
            file.writestr("contracts.json", contracts)
        return archive.getvalue()


def _table(twin: Twin, contract: Contract) -> list[str]:
    """Make the table that is not there, and change the one that was declared otherwise, or make that again."""
    table, wanted, there = contract.table, deploy.release_of(twin).tables, deploy.created_tables(twin)
    if wanted.get(table) == there.get(table):
        return []
    client, how = twin.session().client("redshift-data"), ""
    if table in there:
        keeps = not plan_migration(table, declared(there[table]), declared(wanted[table])).refused
        how = ", with its rows" if keeps else ", again and empty"
        replaced = (f"DROP TABLE IF EXISTS {table}", f"DROP TABLE IF EXISTS {table}_loads")
        _transact(client, _with_rows(table, there[table], wanted[table]) if keeps else replaced)
    deploy.create_tables(twin)
    return [f"table {table}{how}"]


def _transact(client: RedshiftDataAPIServiceClient, statements: Sequence[str]) -> None:
    """Run statements as one transaction; TrialError when one of them fails, and then none was run."""
    batch = client.batch_execute_statement(Sqls=list(statements), **WAREHOUSE.request())["Id"]
    while (ended := client.describe_statement(Id=batch, WaitTimeSeconds=20))["Status"] in RUNNING:
        continue  # the answer is held back until the batch ends
    if ended["Status"] != "FINISHED":
        raise TrialError(f"the table could not be changed: {ended.get('Error')}")


def _with_rows(table: str, old: str, new: str) -> tuple[str, ...]:
    """Return one transaction that declares a table again around its rows: the twin knows no ALTER TABLE."""
    kept, named = f"{table}_kept", f"CREATE TABLE IF NOT EXISTS {table} "
    columns = {column.name for column in declared(new)}
    both = ", ".join(column.name for column in declared(old) if column.name in columns)
    return (
        f"DROP TABLE IF EXISTS {kept}",
        old.replace(named, f"CREATE TABLE {kept} "),
        f"INSERT INTO {kept} SELECT * FROM {table}",  # noqa: S608 - names of the release only, as below
        f"DROP TABLE {table}",
        new,
        f"INSERT INTO {table} ({both}) SELECT {both} FROM {kept}",  # noqa: S608
        f"DROP TABLE {kept}",
    )

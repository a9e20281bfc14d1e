"""What `suimon dataset try` decides before it sends a file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest.mock import MagicMock

import pytest
from click.testing import CliRunner
from rich.console import Console

from local.__main__ import main, next_commands
from local.demo.following import Sent
from local.trial import Trial, TrialError, _table, business_date, grid_of, key_of, refuse_other_number
from suimon.contract.keys import KeyPattern
from suimon.contract.set_rule import SetRule
from suimon.drops.drop import Drop
from suimon.drops.states import State
from tests.datasets import FOLDERS, golden_cases, release
from tests.schemas import validate
from tests.twin.redshift_server import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTRACTS = release().contracts
DATED = replace(CONTRACTS.of("sales"), key_pattern=KeyPattern("sales/s_{ds:yyyyMMdd}.csv"))


def test_the_business_date_is_the_one_in_the_files_name(tmp_path: Path) -> None:
    assert business_date(DATED, tmp_path / "s_20261121.csv") == "2026-11-21"


@pytest.mark.parametrize("dataset", ["sales", "inventory", "user_events"])
def test_else_it_is_the_one_of_the_first_record(tmp_path: Path, dataset: str) -> None:
    case, contract = golden_cases()[dataset], CONTRACTS.of(dataset)
    file = tmp_path / "any.csv"
    file.write_text(case.file.read_text(encoding="utf-8"), encoding="utf-8")
    assert business_date(contract, file) == case.day


def test_a_date_of_the_era_is_one_too(tmp_path: Path) -> None:
    columns = tuple(replace(one, format="%E%-n年%-m月%-d日") if one.partition else one for one in DATED.columns)
    file = tmp_path / "any.csv"
    file.write_text("order_id,order_date\nA,令和8年11月20日\n", encoding="utf-8")
    assert business_date(replace(DATED, columns=columns), file) == "2026-11-20"


def test_where_neither_tells_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "any.csv"
    file.write_text("order_id,order_date\nA,yesterday\n", encoding="utf-8")
    columns = tuple(replace(one, partition=None) for one in DATED.columns)
    for contract in (DATED, replace(DATED, columns=columns)):
        with pytest.raises(TrialError, match=r"which business date is any\.csv\? Name it: --partition"):
            business_date(contract, file)


AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
STAMPED = KeyPattern("sales/{ds:yyyyMMdd}/s_{stamp}.csv")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("s_20261120031500.csv", "sales/20261120/s_20261120031500.csv"),
        ("any.csv", "sales/20261120/s_20261121090000.csv"),
    ],
)
def test_a_file_is_sent_under_its_own_name_where_that_is_one_for_its_date(name: str, key: str) -> None:
    assert key_of(STAMPED, "2026-11-20", name, AT, "1") == key


def test_a_name_of_another_date_is_not_that_of_the_date_that_was_asked_for() -> None:
    assert key_of(KeyPattern("s/s_{ds}.csv"), "2026-11-20", "s_2026-11-19.csv", AT, "1") == "s/s_2026-11-20.csv"


SETS = {
    "shards": (SetRule(2, None, None, reload=True, complete_within_minutes=60), None),
    "manifest": (
        SetRule(None, KeyPattern("p/{ds}/all.json"), None, reload=True, complete_within_minutes=60),
        ("p/2026-11-20/all.json", b'{"files": ["p/2026-11-20/part-a.csv", "p/2026-11-20/part-2.csv"]}'),
    ),
    "marker": (
        SetRule(None, None, KeyPattern("p/{ds}/_SUCCESS"), reload=True, complete_within_minutes=60),
        ("p/2026-11-20/_SUCCESS", b""),
    ),
}


@pytest.mark.parametrize("kind", SETS)
def test_of_a_set_all_shards_are_sent_and_then_what_says_which_there_are(tmp_path: Path, kind: str) -> None:
    """The first file has a name of its own for a shard, the second one none."""
    rule, control = SETS[kind]
    files = (tmp_path / "part-a.csv", tmp_path / "other.csv")
    for file in files:
        file.write_text(file.name)
    contract = replace(DATED, key_pattern=KeyPattern("p/{ds}/part-{shard}.csv"), set_rule=rule)
    twin = MagicMock()
    put = twin.session().client().put_object
    put.return_value = {"VersionId": "1", "ETag": '"e"'}
    sent = Trial(twin, MagicMock(), contract, files, "2026-11-20")._put_all()
    wanted = [("p/2026-11-20/part-a.csv", b"part-a.csv"), ("p/2026-11-20/part-2.csv", b"other.csv")]
    assert [one.drop.key for one in sent] == [key for key, _ in wanted]
    called = [(call.kwargs["Key"], call.kwargs["Body"]) for call in put.call_args_list]
    assert called == [*wanted, *([control] if control else [])]


@pytest.mark.parametrize(
    ("rule", "given", "told"),
    [(None, 2, "2 files are given; a sales is one file"), (SETS["shards"][0], 1, "has 2 shards, and 1 are given")],
)
def test_another_number_of_files_than_one_or_a_whole_set_is_refused(
    rule: SetRule | None, given: int, told: str
) -> None:
    with pytest.raises(TrialError, match=told):
        refuse_other_number(replace(DATED, set_rule=rule), given)


ROW = "INSERT INTO sales_fact VALUES ('A', '2026-11-20', 'C1', 'tea', 1, 1.00, 1.00)"


@pytest.fixture
def redshift(tmp_path: Path) -> Iterator[Endpoint]:
    with endpoint(tmp_path) as running:
        yield running


def changed(redshift: Endpoint, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> list[str]:
    """Change the declaration of a table that has a row as `dataset try` does; return what it says."""
    wanted = release().tables["sales_fact"]
    there = wanted.replace(new, old)
    for sql in (there, ROW, "CREATE TABLE sales_fact_loads (n INTEGER)"):
        assert redshift.run(sql)["Status"] == "FINISHED"
    twin = MagicMock()
    twin.session().client.return_value = redshift.client()
    monkeypatch.setattr("local.trial.deploy.release_of", lambda _twin: release())
    monkeypatch.setattr("local.trial.deploy.created_tables", lambda _twin: {"sales_fact": there})
    monkeypatch.setattr("local.trial.deploy.create_tables", lambda _twin: redshift.run(wanted))
    return _table(twin, CONTRACTS.of("sales"))


def test_a_changed_table_keeps_its_rows_and_its_log_where_a_migration_would(
    redshift: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = changed(redshift, monkeypatch, "product_name VARCHAR(16)", "product_name VARCHAR(1600)")
    assert told == ["table sales_fact, with its rows"]
    long = ROW.replace("'A'", "'B'").replace("tea", "tea " * 40)
    assert redshift.run(long)["Status"] == "FINISHED"
    assert redshift.rows("SELECT COUNT(*) FROM sales_fact") == [[2]]
    assert redshift.rows("SELECT COUNT(*) FROM sales_fact_loads") == [[0]]


def test_a_table_that_no_migration_changes_is_made_again_and_said_to_be_empty(
    redshift: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = changed(redshift, monkeypatch, "quantity BIGINT", "quantity INTEGER")
    assert told == ["table sales_fact, again and empty"]
    assert redshift.rows("SELECT COUNT(*) FROM sales_fact") == [[0]]
    assert redshift.run("SELECT COUNT(*) FROM sales_fact_loads")["Status"] == "FAILED"


def test_a_table_as_it_was_made_is_left_alone(redshift: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(redshift, monkeypatch, "quantity INTEGER", "quantity INTEGER") == []
    assert redshift.rows("SELECT COUNT(*) FROM sales_fact") == [[1]]


@pytest.mark.parametrize(
    ("datasets", "said"),
    [
        (
            ["inventory", "sales"],
            ["sales/golden/2026-11-20.csv --contract sales --partition 2026-11-20", "sales_fact'"],
        ),
        (["user_events", "inventory"], ["put FILE --contract inventory --partition DATE", "FROM inventory'"]),
        ([], ["suimon dataset new NAME --from FILE"]),
    ],
)
def test_what_a_person_is_told_to_do_next_is_about_a_dataset_that_the_twin_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datasets: list[str], said: list[str]
) -> None:
    for name in datasets:
        (tmp_path / "datasets" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "datasets" / name).symlink_to(FOLDERS[name].path)
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setattr("local.__main__.environment_of", lambda _twin, who: tmp_path / f"{who}.env")
    told = [command for _, command in next_commands(MagicMock(root=tmp_path))]
    for command, end in zip(told[1:], said, strict=True):
        assert end in command


def test_rows_of_many_columns_stand_upright_where_they_do_not_fit_side_by_side() -> None:
    rows = [{f"c{column}": f"v{row}.{column}" for column in range(12)} for row in range(5)]
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(grid_of(rows, 80))
    text = console.export_text()
    assert [line.replace("│", "").split() for line in text.splitlines() if "c11" in line] == [
        ["c11", "v0.11", "v1.11", "v2.11"]
    ]
    console.print(grid_of([{"a": 1, "b": None}], 80))
    assert "a" in console.export_text().splitlines()[1]
    assert grid_of([], 80).columns == []


def test_what_became_of_a_file_that_is_not_loaded_is_explained_by_its_drop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its date another file may be loaded, such as one with a newer stamp."""
    drops = [Drop("raw", f"p/{name}", "1", "e", 1, "") for name in "ab"]
    sent = [Sent("p", drop, AT, State.LOADED) for drop in drops]
    ends = [MagicMock(state=State.LOADED), MagicMock(state=State.SUPERSEDED)]
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("local.trial.redeploy", lambda _twin, _contract: [])
    monkeypatch.setattr("local.trial.follow", lambda *_: {one.id: end for one, end in zip(drops, ends, strict=True)})
    monkeypatch.setattr(Trial, "_put_all", lambda _trial: sent)
    monkeypatch.setattr(Trial, "_suimon", lambda _trial, *arguments: asked.append(arguments))
    found = Trial(MagicMock(), MagicMock(), DATED, (tmp_path / "a",), "2026-11-20").run()
    assert (found["loaded"], found["rows"]) == (False, None)
    assert validate("dataset try", json.dumps(found)) == found
    assert asked == [("explain", drops[1].id)]


def test_without_a_twin_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.__main__.ROOT", tmp_path)
    file = tmp_path / "any.csv"
    file.touch()
    done = CliRunner().invoke(main, ["try", "sales", str(file)])
    assert done.exit_code == 2
    assert "Start one with `make up`" in done.output

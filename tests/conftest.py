"""What holds for every test: no AWS set-up of the shell, AWS's models read once, marks hit, processes announced.

A test that must hit a mark fails when it does not. `make quick` runs what starts no process; the marker `process`
names the rest, and a test without it that starts one fails. With several workers the tests of a file stay together,
and those of each entry of LONGEST, because they share what is slow to set up.
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import JSONFileLoader, Loader

from local.isolation import isolate_process
from tests import sampling
from tests.cost import CostPlugin
from tests.marks import watched

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# What takes a minute or more, the longest first: a worker that begins it last would work on alone. A worker takes all
# of a file, or of what begins so: they share one Spark, or one Airflow.
LONGEST = (
    "tests/twin/test_replayed_days.py",
    "tests/twin/test_under_fault.py",
    "tests/dags/test_on_airflow.py",
    "tests/twin/test_end_to_end.py",
    "tests/glue/",
    "tests/dags/test_dying_workers.py",
    "tests/conformance/real_airflow/",
    "tests/unit/check/kernel/test_kernel.py",
    "tests/template/test_seeded.py",
    "tests/template/test_artifacts.py",
    "tests/twin/test_glue_runs.py",
)
# What starts no Spark of its own beside those of an entry above: a worker that has one takes them, too.
WITH = {"tests/dags/test_golden.py": "tests/glue/", "tests/dags/test_partitions.py": "tests/glue/"}
# As much as a large file: thousands of calls of moto, some milliseconds each, drawn examples, personal values in every
# fault.
LARGE = (
    "tests/dags/test_load_on_redshift.py",
    "tests/functional/cli/test_at_three_in_the_morning.py",
    "tests/functional/cli/test_every_answer.py",
    "tests/functional/cli/test_personal_values.py",
    "tests/functional/cli/test_runbook.py",
    "tests/functional/freshness/test_days_as_received.py",
    "tests/functional/ledger/test_batch.py::test_each_batch_of_a_hundred_has_its_own_patience",
    "tests/functional/ledger/test_drops.py::test_a_check_that_fails_for_months_does_not_fill_the_history",
    "tests/functional/ledger/test_drops.py::test_a_key_with_very_many_writes_is_read_to_its_end",
    "tests/functional/ledger/test_drops.py::test_many_drops_are_looked_up_at_once",
    "tests/functional/replay/test_thousands.py",
    "tests/functional/sweep/app/",
    "tests/security/test_personal_data.py",
    "tests/simulation/test_grouping.py::test_what_is_held_is_told_in_a_later_round",
    "tests/simulation/test_simulation.py::test_every_promise_holds_in_thousands_of_schedules",
    "tests/simulation/test_volumes.py",
    "tests/unit/check/test_decode.py::test_a_bomb_stops_at_the_limit_and_never_fills_the_memory",
    "tests/unit/check/test_oracle.py",
    "tests/unit/check/test_properties.py",
    "tests/unit/dataset/test_contract_diff.py::test_a_file_that_was_right_is_right_where_nothing_is_said_to_break",
    "tests/unit/freshness/test_late_or_missing.py::test_a_deadline_near_midnight_is_looked_for_by_rounds_at_any_minute",
)
FOLDERS_OF_PROCESSES = ("tests/twin/", "tests/conformance/", "tests/glue/", "tests/dags/on_airflow/")
# Many cases of one promise each: by day one in so many of a file's, or a test's, and `make quick` one in five of those.
CAMPAIGNS = {
    "tests/simulation/test_simulation.py::test_what_once_broke_a_promise_breaks_none": 1,
    "tests/simulation/": 2,
    "tests/conformance/test_warehouse.py": 2,
    "tests/dags/test_partitions.py": 2,
    "tests/dags/test_load_on_redshift.py": 2,
    "tests/dags/test_quality_on_redshift.py": 2,
    "tests/fuzz/test_differential.py": 2,
    "tests/fuzz/test_fuzz.py": 2,
    "tests/glue/test_dialects.py": 2,
    "tests/glue/test_formats.py": 2,
    "tests/functional/cli/test_at_three_in_the_morning.py": 3,
    "tests/functional/cli/test_every_answer.py": 2,
    "tests/functional/cli/test_refusals.py::test_a_refusal_is_said_in_japanese_with_the_same_command": 2,
    "tests/functional/intake/test_shards_at_every_point.py": 3,
    "tests/functional/freshness/test_year_bugs.py": 6,
    "tests/functional/sweep/test_hostile_events.py": 3,
    "tests/functional/sweep/test_poison.py": 1,
    "tests/functional/sweep/test_write_order.py": 1,
    "tests/security/test_hostile_files.py::test_a_hostile_file_gets_its_verdict_in_300_mb": 6,
    "tests/security/test_personal_data.py::test_no_fault_of_a_file_has_a_personal_value_written_down": 4,
    "tests/template/test_inventory.py::test_every_change_of_a_resource_shows": 2,
    "tests/template/test_seeded.py": 6,
    "tests/twin/test_fence.py::test_a_load_that_broke_off_anywhere_is_simply_sent_again": 5,
    "tests/twin/test_fence.py::test_of_two_loads_at_once_the_newer_stays": 3,
    "tests/twin/test_fence.py::test_whatever_comes_when_the_partition_is_that_of_the_latest_write": 3,
    "tests/twin/test_glue_scripts.py::test_a_script_finds_nothing_that_only_this_project_has": 3,
    "tests/twin/test_glue_scripts.py::test_what_only_glue_has_is_refused_by_name": 2,
    "tests/unit/check/kernel/test_kernel.py::test_a_mistake_in_the_kernel_is_found_by_its_cases": 6,
    "tests/unit/check/test_corpus.py": 2,
    "tests/unit/check/test_duckdb_statements.py": 2,
    "tests/unit/check/test_decode.py::test_very_many_tiny_frames_are_more_than_is_read": 3,
    "tests/unit/check/test_engine.py": 3,
    "tests/unit/check/test_limits.py": 1,
    "tests/unit/check/test_masking.py": 3,
    "tests/unit/check/test_masking_elsewhere.py": 1,
    "tests/unit/check/test_polluted.py": 3,
    "tests/unit/check/test_written.py": 1,
    "tests/unit/check/test_wrong_text.py": 3,
    "tests/unit/contract/test_cron.py": 1,
    "tests/unit/dataset/": 1,
    "tests/unit/incidents/test_hostile_texts.py": 1,
    "tests/unit/cli/test_console.py::test_every_command_that_needs_no_account_keeps_its_exit_status": 2,
}
# The whole twin's story has a small part of each of these. A day runs one of them; one that is named always runs.
ONE_A_DAY = ("tests/conformance/real_airflow/", "tests/dags/test_dying_workers.py")
STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"}
_started = list[str]()
_folders = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="also what is marked `long` and not named, and campaigns at full size"
    )
    parser.addoption(
        "--sample", action="store_true", help="of each campaign one case in five of the day's; no folder of processes"
    )
    parser.addoption("--turn", type=int, help="which cases the samples begin with: the number of the day, unless given")
    parser.addoption("--cpu", action="store_true", help="end with what each file and folder costs (tests/cost.py)")


def pytest_configure(config: pytest.Config) -> None:
    """Draw all examples by night, few for `make quick` (files ask when they are imported); hand workers one turn."""
    if config.getoption("--long"):
        sampling.share = sampling.NIGHT
    elif config.getoption("--sample"):
        sampling.share = sampling.QUICK
    _draw_examples(20 if config.getoption("--sample") else 100)
    if config.option.turn is None:
        config.option.turn = datetime.now(UTC).toordinal()
    if config.getoption("--cpu"):
        config.pluginmanager.register(CostPlugin())


def _draw_examples(number: int) -> None:
    """Have Hypothesis draw so many where a test says nothing else, without the limits that a slow machine would break.

    Those are 200 ms an example, and a second to draw some. Settings are made of the default when a file is imported.
    """
    if find_spec("hypothesis") is None:
        return  # Airflow's environments
    from hypothesis import HealthCheck, settings  # noqa: PLC0415 as above

    unhurried = [HealthCheck.too_slow]
    settings.register_profile("unhurried", max_examples=number, deadline=None, suppress_health_check=unhurried)
    settings.load_profile("unhurried")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave folders of processes unread for `make quick`, which runs nothing of them."""
    unread = {config.rootpath / folder for folder in FOLDERS_OF_PROCESSES}
    return True if config.getoption("--sample") and collection_path in unread else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print how a sample in which something failed is taken again."""
    if terminalreporter.stats.get("failed") and not config.getoption("--long"):
        terminalreporter.write_line(f"the same cases again: --turn {config.option.turn}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what starts processes, leave out what is long or beyond the sample, begin with what takes longest."""
    for item in items:
        if item.nodeid.startswith(FOLDERS_OF_PROCESSES):
            item.add_marker("process")
        if item.nodeid.startswith(LARGE):
            item.add_marker("large")
    if not config.getoption("--long"):
        named = {Path(argument.split("::", 1)[0]).resolve() for argument in config.args}
        _leave_out(
            [item for item in items if item.get_closest_marker("long") and not _is_called(item, named)], config, items
        )
        _leave_out([item for item in items if _is_another_days(item, config, named)], config, items)
        _leave_out(_beyond_the_sample(config, items), config, items)
    rank = {unit: number for number, unit in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(_unit_of(item.nodeid), len(LONGEST)))


def pytest_collection_finish() -> None:
    """Exempt thousands of tests and their modules from each search for garbage: a twentieth of the CPU of all."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # libraries report as leaked what the end of the process does not find


def _is_called(item: pytest.Item, named: set[Path]) -> bool:
    """Whether a file that is long as a whole is called by its name."""
    module = item.getparent(pytest.Module)
    return item.path in named and module is not None and module.get_closest_marker("long") is not None


def _is_another_days(item: pytest.Item, config: pytest.Config, named: set[Path]) -> bool:
    mine = next((number for number, name in enumerate(ONE_A_DAY) if item.nodeid.startswith(name)), None)
    if mine is None or (mine + config.option.turn) % len(ONE_A_DAY) == 0:
        return False
    return not named & {item.path, config.rootpath / ONE_A_DAY[mine]}


def _beyond_the_sample(config: pytest.Config, items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the cases of campaigns that another turn has: after as many turns as the step, each was run."""
    left, seen = list[pytest.Item](), Counter[str]()
    for item in items:
        campaign = next((name for name in CAMPAIGNS if item.nodeid.startswith(name)), None)
        if campaign and hasattr(item, "callspec"):
            seen[campaign] += 1
            step = CAMPAIGNS[campaign] * (5 if config.getoption("--sample") else 1)
            if (seen[campaign] + config.option.turn) % step:
                left.append(item)
    return left


def _leave_out(left: list[pytest.Item], config: pytest.Config, items: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=left)
    unwanted = set(left)
    items[:] = [item for item in items if item not in unwanted]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler by which a worker takes all tests of a file, or of a folder in LONGEST."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 Airflow's environments have none

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _unit_of
    return scheduler


def _unit_of(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    return WITH.get(file) or next((unit for unit in LONGEST if file.startswith(unit)), file)


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Pytest's, without its link to the last folder of each name, which is a fortieth of the time of `make quick`."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(_folders)}", numbered=False)


@pytest.fixture(scope="session", autouse=True)
def _isolated() -> None:
    isolate_process(os.environ)
    os.environ.pop("SUIMON_DATASETS", None)  # tests are of the project's own datasets


@pytest.fixture(scope="session", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Keep what botocore reads of services: each of its sessions looks for them and reads megabytes of JSON again."""
    read, look, found = cache(JSONFileLoader().load_file), Loader.list_available_services, dict[Any, list[str]]()

    def listed(loader: Loader, type_name: str) -> list[str]:
        asked = (type_name, *loader.search_paths)
        if asked not in found:
            found[asked] = look(loader, type_name)
        return list(found[asked])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        patch.setattr(Loader, "list_available_services", listed)
        yield


@pytest.fixture(autouse=True)
def _functions_start_as_in_a_new_process() -> Iterator[None]:
    """Forget what is kept for the life of a process.

    That is boto3's default session with the keys it found, and Powertools' loggers, with their output and level, and
    metrics.
    """
    yield
    if boto3 := sys.modules.get("boto3"):
        vars(boto3)["DEFAULT_SESSION"] = None
    known = logging.Logger.manager.loggerDict
    for name in [name for name, logger in known.items() if getattr(logger, "init", False)]:
        del known[name]
    if powertools := sys.modules.get("aws_lambda_powertools.metrics.metrics"):
        kept = powertools.Metrics
        for values in (kept._metrics, kept._dimensions, kept._metadata, kept._default_dimensions):
            values.clear()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in STARTS:
        _started.append(f"{event}{arguments}"[:200])


sys.addaudithook(_note)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    _started.clear()
    result = yield
    _refuse_processes(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    names = [name for mark in item.iter_markers("hits") for name in mark.args]
    with watched(*names):
        result = yield
    _refuse_processes(item)
    return result


def _refuse_processes(item: pytest.Item) -> None:
    if _started and not item.get_closest_marker("process"):
        pytest.fail(f"it is not marked `process` and has started {_started}", pytrace=False)

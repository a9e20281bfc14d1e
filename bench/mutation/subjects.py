"""What is changed, and the fast tests that must notice."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Subject:
    """Modules, as paths below `src/suimon` without their ending; tests; an expression of pytest's for what to run."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: str

    def __post_init__(self) -> None:
        """Refuse a path that is not there: a module that has moved would be left out without a word."""
        paths = [
            *(ROOT / "src/suimon" / f"{module}.py" for module in self.modules),
            *(ROOT / one for one in self.tests),
        ]
        if missing := [str(path) for path in paths if not path.exists()]:
            raise FileNotFoundError(f"bench/mutation/subjects.py names what is not there: {missing}")


def _below(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


# What starts no process and draws nothing by chance. Each change runs those of them that reach it.
_TESTS = (
    *_below(
        "tests/unit", "cli/test_incidents.py", "drops", "mwaa", "replay", "outcome", "freshness", "sweep", "incidents"
    ),
    *_below("tests/unit/contract", "test_calendar.py", "test_cron.py", "test_window_and_volume.py"),
    *_below("tests/unit/contract", "test_arrival_of_units.py", "test_partition.py"),
    *_below("tests/functional", "incidents", "outcome", "mwaa", "cli/test_tail.py"),
    "tests/unit/status",
    *_below("tests/functional/replay", "test_replay.py", "test_steps.py"),
    *_below("tests/functional/freshness", "test_tables.py", "test_waiving.py", "test_watch.py"),
    *_below("tests/functional/intake", "test_run_start.py", "test_replays.py", "test_files.py", "test_held.py"),
    *_below("tests/functional/sweep", "test_dead_letters.py", "test_holding.py", "test_lost_events.py"),
    *_below(
        "tests/functional/sweep", "test_retracting.py", "test_round.py", "test_set_parts.py", "test_silent_runs.py"
    ),
    *_below("tests/functional/sweep", "test_stuck_drops.py", "test_unmatched_drops.py"),
)
DROPS = Subject(
    modules=(
        *_below("drops", "drop", "duplicate_or_superseded", "hold", "lake", "next_step", "retraction"),
        *_below("drops", "run_finished_event", "sets", "states"),
        *_below("mwaa", "airflow", "conf", "run_state", "trigger"),
        "intake/run_start",
    ),
    tests=_TESTS,
    without="not process",
)
RUNS = Subject(
    modules=(
        *_below("replay", "plan", "request"),
        *_below("outcome", "plan", "run_end"),
        *_below("sweep/plans", "dead_letters", "lost_events", "round", "set_parts", "silent_runs", "stuck_drops"),
        *_below("sweep/plans", "subscriptions", "unmatched_drops"),
    ),
    tests=_TESTS,
    without="not process",
)
INCIDENTS = Subject(
    modules=(
        *_below("incidents", "ack_snooze_close", "email", "grouping", "incident", "inhibition", "items", "kinds"),
        *_below("incidents", "lifecycle", "overview", "recovery", "reminders", "store", "telling_less_often"),
    ),
    tests=_TESTS,
    without="not process",
)
EXPECTATIONS = Subject(
    modules=(
        *_below("freshness", "expected", "forecast", "late_or_missing", "questions", "stale_tables", "waiving"),
        "contract/calendar",
        "contract/odcs/arrival",
    ),
    tests=_TESTS,
    without="not process",
)
CHECKER = Subject(
    modules=(
        *_below("check", "rules_as_sql", "grammar", "structure", "segments", "duckdb_input", "segment_check", "tally"),
        *_below("check", "bad_cells", "trailer", "header", "verdict"),
        *_below("contract/odcs", "bounds_and_patterns", "dialect", "quality"),
    ),
    # Fast and the same in every run: the searches of Hypothesis in test_oracle and test_properties are neither.
    tests=(
        *_below("tests/unit/check", "test_boundaries.py", "test_boundaries_of_text.py", "test_structure.py"),
        *_below("tests/unit/check", "test_cells.py", "test_corpus.py"),
        *_below("tests/unit/contract", "test_boundaries.py", "test_dialect.py", "test_quality.py", "test_columns.py"),
        *_below("tests/unit/contract", "test_labels_and_keys.py", "test_conditions.py", "test_odcs.py"),
    ),
    # Of the hostile files one way to cut them is enough; the last has names by which pytest does not find it again.
    without=(
        "not (test_a_hostile_file_is_told_of_exactly and (16 or 1000 or 16777216)) and not slow_reading "
        "and not test_what_a_property_says_is_compiled"
    ),
)
SUBJECTS = {
    "drops": DROPS,
    "runs": RUNS,
    "incidents": INCIDENTS,
    "expectations": EXPECTATIONS,
    "checker": CHECKER,
}
DECISIONS = ("drops", "runs", "incidents", "expectations")

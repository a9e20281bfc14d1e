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


DECISIONS = Subject(
    modules=(
        *_below(
            "drops", "next_step", "duplicate_or_superseded", "sets", "states", "drop", "run_finished_event", "lake"
        ),
        *_below("drops", "retraction", "hold"),
        *_below("mwaa", "trigger", "airflow", "conf", "run_state"),
        "intake/run_start",
        "replay/plan",
        "outcome/plan",
        *_below("sweep/plans", "dead_letters", "stuck_drops", "silent_runs", "round"),
        *_below("sweep/plans", "unmatched_drops", "lost_events", "set_parts"),
        *_below("incidents", "recovery", "email"),
    ),
    tests=(
        *_below("tests/unit", "drops", "mwaa", "replay", "outcome", "freshness", "sweep", "incidents"),
        "tests/functional/intake/test_run_start.py",
        "tests/functional/freshness/test_watch.py",
        "tests/functional/incidents",
        *_below("tests/functional/sweep", "test_silent_runs.py", "test_retracting.py"),
    ),
    without="not process",
)
EXPECTATIONS = Subject(
    modules=(
        *_below("freshness", "arrivals", "expected", "forecast", "questions", "tables", "waiving"),
        "contract/calendar",
        "contract/odcs/arrival",
    ),
    # Without the year, which takes too long to be lived for each change.
    tests=(
        *_below("tests/functional/freshness", "test_tables.py", "test_waiving.py", "test_watch.py"),
        *_below("tests/unit", "freshness", "contract/test_calendar.py", "contract/test_cron.py"),
    ),
    without="not process",
)
INCIDENTS = Subject(
    modules=(
        *_below("incidents", "kinds", "incident", "lifecycle", "crowds", "inhibition", "reminders", "actions"),
        *_below("incidents", "items", "overview", "store"),
    ),
    tests=("tests/unit/incidents", "tests/functional/incidents", "tests/unit/cli/test_incidents.py"),
    without="not process",
)
CHECKER = Subject(
    modules=(
        *_below("check", "rules_as_sql", "grammar", "structure", "segments", "duckdb_input", "segment_check", "tally"),
        *_below("check", "bad_cells", "trailer", "header", "verdict"),
        *_below("contract/odcs", "dialect", "values", "quality"),
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
SUBJECTS = {"decisions": DECISIONS, "expectations": EXPECTATIONS, "incidents": INCIDENTS, "checker": CHECKER}

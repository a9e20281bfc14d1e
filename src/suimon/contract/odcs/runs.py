"""How the runs of a dataset are bounded: which DAG, how many at once, how long. What cannot be is refused."""

import re
from collections.abc import Sequence

from suimon.contract.model import RUNS_AT_ONCE, Contract
from suimon.contract.odcs.clauses import Clause, brief
from suimon.contract.odcs.reader import Reader

# `/dags/{dag_id}/dagRuns/{run_id}` must fit MWAA's 64 characters; a run id is 16 hex digits, a dot and an attempt.
MAX_DAG_ID = 64 - len("/dags//dagRuns/") - 16 - len(".999")
# What the Glue job of template.yaml runs at once, for all datasets together.
MOST_RUNS_AT_ONCE = 20
# Runs are looked at from a quarter of an hour on.
LEAST_RUN_MINUTES, MOST_RUN_MINUTES = 15, 24 * 60


def read_dag(document: Clause, custom: dict[str, Clause], reader: Reader) -> str | None:
    """Read `dag`: the DAG that a file opens."""
    clause = custom.get("dag")
    if clause is None:
        reader.refuse(document, "a contract with a keyPattern needs customProperties, property dag: the DAG to open")
    elif not isinstance(clause.value, str) or not re.fullmatch(r"(?!\.+$)[A-Za-z0-9_.-]+", clause.value):
        reader.refuse(clause, f"{brief(clause.value)} is no DAG id")
    elif len(clause.value) > MAX_DAG_ID:
        reader.refuse(clause, f"has {len(clause.value)} characters; MWAA's 64-character path leaves {MAX_DAG_ID}")
    else:
        return clause.value
    return None


def read_runs_at_once(clause: Clause | None, reader: Reader) -> int:
    """Read `runsAtOnce`."""
    if clause is None:
        return RUNS_AT_ONCE
    if type(clause.value) is int and 1 <= clause.value <= MOST_RUNS_AT_ONCE:
        return clause.value
    reader.refuse(clause, f"must be a whole number from 1 to {MOST_RUNS_AT_ONCE}, is {brief(clause)}")
    return RUNS_AT_ONCE


def read_max_run_minutes(clause: Clause | None, reader: Reader) -> int | None:
    """Read `maxRunMinutes`."""
    if clause is None:
        return None
    if type(clause.value) is int and LEAST_RUN_MINUTES <= clause.value <= MOST_RUN_MINUTES:
        return clause.value
    text = f"must be a whole number of minutes from {LEAST_RUN_MINUTES} to {MOST_RUN_MINUTES}, is {brief(clause)}"
    reader.refuse(clause, text)
    return None


def too_many_runs(contracts: Sequence[Contract]) -> str | None:
    """Return a warning when the DAGs of a release may start more runs of the Glue job than it takes at once."""
    shares = {one.dataset: one.runs_at_once for one in contracts if one.dag_id}
    if (together := sum(shares.values())) <= MOST_RUNS_AT_ONCE:
        return None
    most = sorted(shares, key=lambda dataset: (-shares[dataset], dataset))[:3]
    named = ", ".join(f"{dataset} {shares[dataset]}" for dataset in most)
    return (
        f"the DAGs of these {len(shares)} datasets may start {together} runs of the Glue job at once, which takes "
        f"{MOST_RUNS_AT_ONCE} (MaxConcurrentRuns in template.yaml): Glue refuses those beyond it, and such a run fails "
        f"after its retry. Lower runsAtOnce (now {named}, …), or raise MaxConcurrentRuns"
    )

"""Gate, DAGs and Glue job are deployed together: a run that another release has asked for is refused.

`make deploy` names a release by what the three must agree on, and writes the name beside this module.
"""

from __future__ import annotations

from pathlib import Path

NAMED_BY = Path(__file__).with_name("release.txt")
UNNAMED = "unnamed"  # deployed by hand


def own_release() -> str:
    """Return the release of these DAGs; empty when they were deployed by hand."""
    return NAMED_BY.read_text(encoding="utf-8").strip() if NAMED_BY.is_file() else ""


def mix_of(asked: str) -> str:
    """Return what is wrong with a run that was asked for by a gate of the release `asked`; empty when they fit."""
    own = own_release()
    if asked == own:
        return ""
    return (
        f"the gate that asked for this run is of release {asked or UNNAMED}, the DAGs are of {own or UNNAMED}: "
        "nothing was loaded. Deploy both together (make deploy), then start the run again: suimon retry"
    )


def release_tag(release: str) -> str:
    """Return the tag by which a deployment sees in Airflow that the DAGs of a release have arrived."""
    return f"release {release or UNNAMED}"

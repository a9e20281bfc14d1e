"""One tool, one file, one process: `python -m bench.check.worker TOOL FILE CONTRACT PARTITION ANSWER`.

CONTRACT is a compiled contract, ANSWER the JSON file to write. Runs in the tool's own environment.
"""

import importlib
import json
import platform
import sys
import time
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from bench.check.found import Found
from suimon.contract.model import Contract


def main(tool: str, file: str, contract_file: str, partition: str, answer: str) -> None:
    """Run a tool's `check` and write down what it found."""
    contract = Contract.from_json(json.loads(Path(contract_file).read_text(encoding="utf-8")))
    module = importlib.import_module(f"bench.check.tools.{tool}")
    began = time.perf_counter()
    try:
        found: Found = module.check(Path(file), contract, partition)
    except Exception as error:  # noqa: BLE001 - whatever a tool stops with is its answer
        found = Found(accepted=False, complaint=f"{type(error).__name__}: {error}"[:300])
    seconds = time.perf_counter() - began
    distribution = getattr(module, "DISTRIBUTION", None)
    release = version(distribution) if distribution else f"Python {platform.python_version()}"
    found = replace(found, seconds=seconds, version=release)
    Path(answer).write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

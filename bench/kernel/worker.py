"""One size in a process of its own: `python -m bench.kernel.worker BYTES check|make CONTRACT ANSWER`.

`make` only makes the bytes, which is the price of having no file. CONTRACT is compiled; ANSWER is a JSON file.
"""

import json
import sys
import tempfile
from pathlib import Path

from bench.kernel.stream import PARTITION, stream_of
from suimon.check.engine import check
from suimon.contract.model import Contract


def main(size: str, what: str, contract_file: str, answer: str) -> None:
    """Check a stream or only make it; write down how much it was, and whether DuckDB was needed."""
    stream = stream_of(int(size))
    contract = Contract.from_json(json.loads(Path(contract_file).read_text(encoding="utf-8")))
    if what == "check":
        with tempfile.TemporaryDirectory() as scratch:
            verdict = check(stream, contract, PARTITION, scratch=Path(scratch))
        if not verdict.accepted or verdict.rows != stream.records:
            raise SystemExit(f"{verdict.rows} of {stream.records} records: {verdict.counts[:3]}")
    else:
        for _ in stream.chunks():
            pass
    told = {"bytes": stream.size, "records": stream.records, "duckdb": "duckdb" in sys.modules}
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

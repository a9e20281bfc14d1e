"""The few AWS calls that the DAG makes, answered over HTTP, so that Airflow's real operators and triggers run.

An unexpected call answers 501 and is kept in `unknown`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeAws:
    """What it answers (set by a test) and what it was asked (read by a test)."""

    glue_state: str = "SUCCEEDED"
    glue_error: str = ""
    polls_until_converted: int = 0
    job_started: float = field(default_factory=time.time)
    objects: dict[str, bytes] = field(default_factory=dict)
    failed_statement: int | None = None
    load_error: str = ""
    polls_until_loaded: int = 1
    rows: int = 3  # of the partition, in the table
    figures: dict[str, int] = field(default_factory=dict)  # of its quality, by name; 0 unless told otherwise
    newer: tuple[str, int] | None = None  # what the load log holds of the partition that is later than the run
    refusals: int = 0
    refused: str = ""  # the call that is never allowed
    lost_answers: set[str] = field(default_factory=set)  # calls whose first answer is lost, though they are carried out

    job_runs: list[dict[str, str]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)  # that SNS was to publish
    unknown: list[str] = field(default_factory=list)
    _glue_polls: int = 0
    _polls: int = 0
    _asked: dict[str, int] = field(default_factory=dict)

    def answer(self, call: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer to a JSON call, None for one that the DAG has no business making."""
        known: dict[str, Callable[[], dict[str, Any]]] = {
            "AWSGlue.GetJob": lambda: {"Job": {"Name": request["JobName"]}},
            "AWSGlue.StartJobRun": lambda: self._start_job(request["Arguments"]),
            "AWSGlue.GetJobRun": lambda: {"JobRun": self._job_run(request["RunId"])},
            "AWSGlue.GetJobRuns": lambda: {
                "JobRuns": [self._job_run(f"jr_{n + 1}") for n in range(len(self.job_runs))]
            },
            "RedshiftData.BatchExecuteStatement": lambda: self._batch(request),
            "RedshiftData.ExecuteStatement": lambda: self._query(request),
            "RedshiftData.DescribeStatement": lambda: self._describe(request["Id"]),
            "RedshiftData.GetStatementResult": lambda: self._result(request["Id"]),
            "AWSEvents.PutEvents": lambda: self._put(request["Entries"]),
        }
        return known[call]() if call in known else None

    def get(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        """Return an S3 object, or the listing of a bucket as XML."""
        bucket, _, key = unquote(path).lstrip("/").partition("/")
        if "list-type" not in query:
            return self.objects.get(f"{bucket}/{key}")
        names = {name.removeprefix(f"{bucket}/"): len(body) for name, body in sorted(self.objects.items())}
        items = [
            f"<Contents><Key>{escape(name)}</Key><Size>{size}</Size></Contents>"
            for name, size in names.items()
            if name.startswith(query["prefix"][0])
        ]
        head = f"<IsTruncated>false</IsTruncated><KeyCount>{len(items)}</KeyCount>"
        return f"<ListBucketResult>{head}{''.join(items)}</ListBucketResult>".encode()

    def publish(self, message: dict[str, str]) -> bytes | None:
        """Return SNS's answer to a form, None for one that publishes nothing."""
        if message.get("Action") != "Publish":
            return None
        self.messages.append(message)
        return b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"

    def carried_out(self, call: str, request: str, port: int) -> None:
        """Do nothing between a call's work and its answer, for which the caller waits at its own `port`."""

    def _start_job(self, arguments: dict[str, str]) -> dict[str, Any]:
        self.job_runs.append(arguments)
        return {"JobRunId": f"jr_{len(self.job_runs)}"}

    def _job_run(self, run_id: str) -> dict[str, Any]:
        self._glue_polls += 1
        state = "RUNNING" if self._glue_polls <= self.polls_until_converted else self.glue_state
        arguments = self.job_runs[int(run_id.removeprefix("jr_")) - 1]
        run = {"Id": run_id, "JobRunState": state, "StartedOn": self.job_started, "Arguments": arguments}
        return run | ({"ErrorMessage": self.glue_error} if self.glue_error else {})

    def _batch(self, request: dict[str, Any]) -> dict[str, Any]:
        self.batches.append(request)
        self._polls = 0
        return {"Id": "batch"}

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        self.queries.append(request)
        named = re.findall(r"(?m)^\s*(?:SELECT\s+)?(\S.*?) AS (\w+),?$", request["Sql"])
        self._asked = {name: self.figures.get(name, self.rows if sql == "count(*)" else 0) for sql, name in named}
        return {"Id": "newer" if "_loads" in request["Sql"] else "quality"}

    def _result(self, statement_id: str) -> dict[str, Any]:
        if statement_id == "newer":
            records = [[{"stringValue": self.newer[0]}, {"longValue": self.newer[1]}]] if self.newer else []
            return {"ColumnMetadata": [{"name": "drop_id"}, {"name": "attempt"}], "Records": records}
        return {
            "ColumnMetadata": [{"name": name} for name in self._asked],
            "Records": [[{"longValue": figure} for figure in self._asked.values()]],
        }

    def _describe(self, statement_id: str) -> dict[str, Any]:
        if statement_id != "batch":
            return {"Id": statement_id, "Status": "FINISHED"}
        self._polls += 1
        if self._polls <= self.polls_until_loaded:
            return {"Id": "batch", "Status": "STARTED"}
        failed = self.failed_statement
        count = len(self.batches[-1]["Sqls"])
        states = ["FINISHED"] * count
        if failed is not None:
            states = ["FINISHED"] * failed + ["FAILED"] + ["ABORTED"] * (count - failed - 1)
        return {
            "Id": "batch",
            "Status": "FINISHED" if failed is None else "FAILED",
            "SubStatements": [{"Id": f"batch:{n}", "Status": state} for n, state in enumerate(states, 1)],
            **({"Error": self.load_error} if failed is not None else {}),
        }

    def _put(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.refusals:
            self.refusals -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}]}
        self.events += entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": f"event-{n}"} for n, _ in enumerate(entries)]}


def serve(aws: FakeAws) -> ThreadingHTTPServer:
    """Serve `aws` on a free loopback port, in a thread; the caller shuts it down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OfOne", (Handler,), {"aws": aws}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Handler(BaseHTTPRequestHandler):
    """One request, to the `aws` of a subclass."""

    aws: ClassVar[FakeAws]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self.headers.get("X-Amz-Target") or self.path
        if not body.startswith(b"{"):
            said = self.aws.publish(dict(parse_qsl(body.decode())))
            self._answer(call, said, "text/xml")
            return
        if call == self.aws.refused:
            self._send(400, b'{"__type": "AccessDeniedException"}', "application/x-amz-json-1.1")
            return
        answer = self.aws.answer(call, json.loads(body))
        self.aws.carried_out(call, body.decode(), self.client_address[1])
        if call in self.aws.lost_answers:
            self.aws.lost_answers.remove(call)
            self._send(503, b'{"__type": "ServiceUnavailableException"}', "application/x-amz-json-1.1")
            return
        self._answer(call, None if answer is None else json.dumps(answer).encode(), "application/x-amz-json-1.1")

    def do_GET(self) -> None:
        if "S3" in self.aws.lost_answers:
            self.aws.lost_answers.remove("S3")
            self._send(503, b"<Error><Code>SlowDown</Code></Error>", "application/xml")
            return
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        found = self.aws.get(url.path, query)
        call = "S3.List" if "list-type" in query else "S3.Get"
        self.aws.carried_out(call, unquote(self.path), self.client_address[1])
        missing = b"<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
        self._send(404 if found is None else 200, missing if found is None else found, "application/xml")

    def _answer(self, call: str, answer: bytes | None, kind: str) -> None:
        if answer is None:
            self.aws.unknown.append(call)
        self._send(501 if answer is None else 200, answer or b"{}", kind)

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

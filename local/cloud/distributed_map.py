"""A distributed Map as Step Functions runs it: its items lie in S3, each is an execution of its own.

MiniStack runs one with JSONPath alone, as no role, and to its end whatever becomes of the execution. Here its fields
are JSONata, the machine's role needs the rights that AWS asks for, a Map Run that has failed too often starts nothing
more, and neither does one whose execution was stopped: what has begun is aborted, and nobody hears its answer.
"""

import contextvars
import copy
import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from local.cloud.emulator_hooks import hook, module
from local.cloud.service_rights import NotAllowedError, role_may

READER: Final = "arn:aws:states:::s3:getObject"
# Developer guide, "Map state in Distributed mode": at most so many child executions at once.
MOST_AT_ONCE: Final = 10_000
EXCEEDED: Final = "States.ExceedToleratedFailureThreshold"
UNREADABLE: Final = "States.ItemReaderFailed"
_parent: contextvars.ContextVar[Any] = contextvars.ContextVar("twin_map_parent", default=None)
PARAMETERS: Final = ("state_def", "raw_input", "effective", "iterator", "execution", "ctx")


def run_distributed_maps() -> None:
    """Replace MiniStack's distributed Map."""
    states = module("ministack.services.stepfunctions")

    def run(state_def: Any, raw_input: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:  # noqa: ARG001 the hook's signature
        map_run = _MapRun(states, state_def, raw_input, execution, ctx)
        results = map_run.results(iterator)
        output = states._apply_jsonata_output(state_def, raw_input, ctx, result=results, default=results)  # noqa: SLF001
        return output, states._next_or_end(state_def)  # noqa: SLF001 the emulator's own

    call = states._call_lambda  # noqa: SLF001 the hook point

    def call_while_it_runs(func_ref: str, event: Any) -> Any:
        parent = _parent.get()
        if parent and parent["status"] != "RUNNING":
            raise states._ExecutionError("States.Aborted", "the execution of its Map Run has ended")  # noqa: SLF001
        return call(func_ref, event)

    hook(states, "_run_distributed_map", run, PARAMETERS)
    hook(states, "_call_lambda", call_while_it_runs, ("func_ref", "event"))


class _MapRun:
    """The child executions of one Map state."""

    def __init__(self, states: Any, state: Mapping[str, Any], given: Any, execution: Any, ctx: Any) -> None:
        self._states, self._state, self._given, self._execution, self._ctx = states, state, given, execution, ctx
        machine = states._state_machines.get(execution["stateMachineArn"], {})  # noqa: SLF001 the emulator's own
        self._role: str = machine.get("roleArn", "")
        self._items: list[Any] = self._read()
        self._most_failed = int(self._field("ToleratedFailureCount", "number", 0))
        self._failed = 0
        self._lock = threading.Lock()
        self._label = state.get("Label", "Map")
        self._arn = (
            execution["stateMachineArn"].replace(":stateMachine:", ":mapRun:") + f"/{self._label}:{uuid.uuid4()}"
        )

    def results(self, iterator: Mapping[str, Any]) -> list[Any]:
        """Run every item; raise when more have failed than is tolerated."""
        at_once = int(self._field("MaxConcurrency", "number", 0)) or min(len(self._items), MOST_AT_ONCE)
        if not 0 <= at_once <= MOST_AT_ONCE:
            raise self._error("States.Runtime", f"MaxConcurrency is {at_once}: at most {MOST_AT_ONCE}")
        results: list[Any] = [None] * len(self._items)

        def child(place: int) -> None:
            if self._goes_on:
                results[place] = self._run_child(iterator, place)

        with ThreadPoolExecutor(max(1, min(at_once, len(self._items)))) as pool:
            for place in range(len(self._items)):
                pool.submit(contextvars.copy_context().run, child, place)
        if self._failed > self._most_failed:
            raise self._error(EXCEEDED, "The specified tolerated failure threshold was exceeded")
        return [result for result in results if result is not None]

    @property
    def _goes_on(self) -> bool:
        return self._execution["status"] == "RUNNING" and self._failed <= self._most_failed

    def _run_child(self, iterator: Mapping[str, Any], place: int) -> Any:
        states, ctx = self._states, copy.deepcopy(self._ctx)
        ctx["Map"] = {"Item": {"Index": place, "Value": self._items[place]}}
        name = str(uuid.uuid4())
        arn = self._execution["stateMachineArn"].replace(":stateMachine:", ":execution:") + f"/{self._label}:{name}"
        _parent.set(self._execution)
        try:
            self._may("states:StartExecution", self._execution["stateMachineArn"])
            selector = self._state.get("ItemSelector")
            given = self._items[place]
            if selector:
                given = states._apply_jsonata_template(selector, self._given, ctx)  # noqa: SLF001 the emulator's own
            record = {
                "executionArn": arn,
                "name": name,
                "status": "RUNNING",
                "startDate": states.now_iso(),
                "stateMachineArn": f"{self._execution['stateMachineArn']}/{self._label}",
                "mapRunArn": self._arn,
                "events": [],
                "stopDate": None,
                "input": json.dumps(given),
                "output": None,
                "testCase": None,
                "mockAttempts": {},
            }
            states._executions[arn] = record  # noqa: SLF001 as above
            ctx["Execution"] = {**ctx["Execution"], "Id": arn, "Name": name, "Input": given}
            output = states._run_sub_machine(iterator["States"], iterator["StartAt"], given, record, ctx)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 of one item, whatever it is
            with self._lock:
                self._failed += 1
            if arn in states._executions:  # noqa: SLF001 as above
                record.update(status="FAILED", error=getattr(error, "error", "States.Runtime"), cause=str(error))
            return None
        record.update(status="SUCCEEDED", output=json.dumps(output), stopDate=states.now_iso())
        return output

    def _read(self) -> list[Any]:
        reader = self._state["ItemReader"]
        place = self._states._apply_jsonata_template(reader["Arguments"], self._given, self._ctx)  # noqa: SLF001 as above
        self._may("s3:GetObject", f"arn:aws:s3:::{place['Bucket']}/{place['Key']}")
        text = self._states._s3_object_text(place["Bucket"], place["Key"])  # noqa: SLF001 as above
        try:
            items = json.loads(text)
        except ValueError as error:
            raise self._error(UNREADABLE, f"The item reader's file is no JSON: {error}") from error
        if not isinstance(items, list):
            raise self._error(UNREADABLE, "Attempting to map over non-iterable node.")
        return items

    def _may(self, action: str, resource: str) -> None:
        try:
            role_may(self._role, "states.amazonaws.com", action, resource)
        except NotAllowedError as error:
            raise self._error("States.Permissions", str(error)) from error

    def _field(self, name: str, kind: str, usual: Any) -> Any:
        if name not in self._state:
            return usual
        return self._states._jsonata_state_field(self._state, name, kind, self._given, self._ctx)  # noqa: SLF001 as above

    def _error(self, error: str, cause: str) -> Exception:
        raised: Exception = self._states._ExecutionError(error, cause)  # noqa: SLF001 as above
        return raised

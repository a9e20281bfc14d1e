"""Step Functions as AWS bounds it: what a definition may say, how much data a state may pass on, when a machine ends.

The emulator's tasks other than Lambda's run with no role at all, its heartbeats never fire, and it takes definitions
that AWS refuses. So the twin takes JSONata machines of the states and fields listed here, and refuses the rest.
"""

import contextvars
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.cloud.distributed_map import READER, run_distributed_maps
from local.cloud.emulator_hooks import HookMissingError, hook, module

# Developer guide, "Step Functions service quotas": input or result data of a task, state or execution, in UTF-8.
MAX_BYTES: Final = 256 * 1024
TOO_MUCH: Final = "States.DataLimitExceeded"
_TASKS: Final = ("arn:aws:states:::lambda:invoke", "arn:aws:states:::lambda:invoke.waitForTaskToken")
# Fields of the JSONata query language by type of state ("Amazon States Language", "State types").
_COMMON: Final = frozenset({"Type", "Comment", "QueryLanguage", "Output", "Assign"})
_GOING_ON: Final = frozenset({"Next", "End"})
_FALLIBLE: Final = frozenset({"Retry", "Catch"})
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Task": _COMMON | _GOING_ON | _FALLIBLE | {"Resource", "Arguments", "TimeoutSeconds"},
    "Map": _COMMON
    | _GOING_ON
    | _FALLIBLE
    | {"Items", "ItemReader", "ItemSelector", "ItemProcessor", "Label", "MaxConcurrency", "ToleratedFailureCount"},
    "Parallel": _COMMON | _GOING_ON | _FALLIBLE | {"Branches", "Arguments"},
    "Pass": _COMMON | _GOING_ON,
    "Wait": _COMMON | _GOING_ON | {"Seconds", "Timestamp"},
    "Choice": _COMMON | {"Choices", "Default"},
    "Succeed": frozenset({"Type", "Comment", "QueryLanguage", "Output"}),
    "Fail": frozenset({"Type", "Comment", "QueryLanguage", "Error", "Cause"}),
}
_RETRIER: Final = frozenset({
    "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment",
})  # fmt: skip
_CATCHER: Final = frozenset({"ErrorEquals", "Next", "Output", "Assign", "Comment"})
_RULE: Final = frozenset({"Condition", "Next", "Output", "Assign", "Comment"})
_MACHINE: Final = frozenset({"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"})


def bound_state_machines() -> None:
    """Refuse definitions and data as Step Functions does, and end a machine at its TimeoutSeconds."""
    _definitions()
    _inputs()
    _data()
    _timeouts()
    run_distributed_maps()
    _failing_callbacks()


def complaint(definition: Any) -> str | None:
    """Return what AWS, or the twin, has against a definition; None when nothing."""
    if not isinstance(definition, dict):
        return "SCHEMA_VALIDATION_FAILED: the definition is no JSON object"
    if definition.get("QueryLanguage") != "JSONata":
        return "not in the twin: a state machine in JSONPath (QueryLanguage must be JSONata)"
    return next(_complaints(definition, "", _MACHINE), None)


def _complaints(machine: Mapping[str, Any], path: str, known: frozenset[str]) -> Iterator[str]:
    yield from _unknown(machine, known, path or "/")
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"SCHEMA_VALIDATION_FAILED: States must name at least one state at {path}/States"
        return
    if machine.get("StartAt") not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {machine.get('StartAt')} at {path}/StartAt"
    for name, state in states.items():
        yield from _of_state(state, f"{path}/States/{name}", states)
    for name in sorted(states.keys() - _reached(machine.get("StartAt"), states)):
        yield f"MISSING_TRANSITION_TARGET: State '{name}' is not reachable at {path}/States"


def _reached(start: Any, states: Mapping[str, Any]) -> set[str]:
    reached, left = set[str](), [start]
    while left:
        name = left.pop()
        if name in states and name not in reached:
            reached.add(name)
            left += [target for target, _ in _targets(states[name], "")]
    return reached


def _of_state(state: Any, path: str, states: Mapping[str, Any]) -> Iterator[str]:
    kind = str(state.get("Type")) if isinstance(state, dict) else "(none)"
    if kind not in _FIELDS:
        yield f"SCHEMA_VALIDATION_FAILED: there is no type of state {kind} at {path}/Type"
        return
    yield from _unknown(state, _FIELDS[kind], path)
    if state.get("QueryLanguage", "JSONata") != "JSONata":
        yield f"not in the twin: JSONPath at {path}/QueryLanguage"
    if "Next" in _FIELDS[kind] and ("Next" in state) == bool(state.get("End")):
        yield f"SCHEMA_VALIDATION_FAILED: exactly one of Next and End is needed at {path}"
    if kind == "Choice" and not state.get("Choices"):
        yield f"SCHEMA_VALIDATION_FAILED: Choices must hold at least one rule at {path}"
    if kind == "Task" and state.get("Resource") not in _TASKS and ":function:" not in str(state.get("Resource")):
        yield f"not in the twin: the task {state.get('Resource')} at {path}/Resource; it runs {' and '.join(_TASKS)}"
    yield from _of_transitions(state, path, states)
    yield from _of_inner_machines(state, path)


def _of_transitions(state: Mapping[str, Any], path: str, states: Mapping[str, Any]) -> Iterator[str]:
    for part, fields in (("Retry", _RETRIER), ("Catch", _CATCHER), ("Choices", _RULE)):
        for number, rule in enumerate(state.get(part, ())):
            yield from _unknown(rule, fields, f"{path}/{part}[{number}]")
    for target, where in _targets(state, path):
        if target is not None and target not in states:
            yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}/Next"


def _targets(state: Mapping[str, Any], path: str) -> list[tuple[Any, str]]:
    targets = [(state.get("Next"), path), (state.get("Default"), path)]
    for part in ("Catch", "Choices"):
        rules = enumerate(state.get(part, ()))
        targets += [(rule.get("Next"), f"{path}/{part}[{number}]") for number, rule in rules]
    return targets


def _of_inner_machines(state: Mapping[str, Any], path: str) -> Iterator[str]:
    inner = frozenset({"Comment", "StartAt", "States"})
    if "ItemProcessor" in state:
        processor = dict(state["ItemProcessor"])
        config = processor.pop("ProcessorConfig", {"Mode": "INLINE"})
        yield from _of_map(state, config, path)
        yield from _complaints(processor, f"{path}/ItemProcessor", inner)
    for number, branch in enumerate(state.get("Branches", ())):
        yield from _complaints(branch, f"{path}/Branches[{number}]", inner)


def _of_map(state: Mapping[str, Any], config: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield what is wrong with the mode of a Map: inline over items in its input, or distributed over a list in S3."""
    reader = state.get("ItemReader")
    if config == {"Mode": "INLINE"}:
        if found := sorted({"ItemReader", "Label", "ToleratedFailureCount"} & state.keys()):
            yield f"SCHEMA_VALIDATION_FAILED: Field '{found[0]}' is not supported at {path}"
        return
    if config != {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}:
        yield f"not in the twin: a Map of {dict(config)} at {path}/ItemProcessor"
    if not isinstance(reader, dict) or reader.get("Resource") != READER or "Items" in state:
        yield f"not in the twin: a distributed Map that reads no {READER} at {path}/ItemReader"
    elif reader.get("ReaderConfig") != {"InputType": "JSON"}:
        yield f"not in the twin: {reader.get('ReaderConfig')} at {path}/ItemReader/ReaderConfig"


def _unknown(found: Mapping[str, Any], known: frozenset[str], path: str) -> Iterator[str]:
    for field in sorted(found.keys() - known):
        yield (
            f"SCHEMA_VALIDATION_FAILED: Field '{field}' is not supported at {path}"
            if field
            not in {"HeartbeatSeconds", "ItemBatcher", "ResultWriter", "TimeoutSeconds", "ToleratedFailurePercentage"}
            else f"not in the twin: {field} at {path}"
        )


def size(data: Any) -> int:
    """Return how many bytes of UTF-8 the data takes as JSON."""
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def _definitions() -> None:
    """Look at every definition: that of a request, of an update and of a template."""
    states = module("ministack.services.stepfunctions")
    validate = states._validate_definition_jsonata  # noqa: SLF001 the hook point

    def validated(definition_str: Any) -> str | None:
        try:
            found = complaint(json.loads(definition_str))
        except (TypeError, ValueError) as error:
            found = f"INVALID_JSON_DESCRIPTION: {error}"
        wrong: str | None = found or validate(definition_str)
        return wrong

    hook(states, "_validate_definition_jsonata", validated, ("definition_str",))


def _data() -> None:
    """Fail a state whose input, result or output is too large; nothing catches that by States.ALL ("Error names")."""
    states = module("ministack.services.stepfunctions")
    add, execute, matches = states._add_event, states._execute_task, states._error_matches  # noqa: SLF001 hook points

    def check(data: Any, what: str, name: Any) -> None:
        if (found := size(data)) > MAX_BYTES:
            words = f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes"
            raise states._ExecutionError(TOO_MUCH, f"{words} service limit ({what}: {found} of {MAX_BYTES}).")  # noqa: SLF001

    def add_checked(execution: Any, event_type: str, details: Any = None) -> Any:
        for event in (details or {}).values():
            for part in ("input", "output"):
                if isinstance(event, dict) and part in event:
                    check(json.loads(event[part]), part, event.get("name", event.get("resource", "")))
        return add(execution, event_type, details)

    def execute_checked(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        output, following = execute(state_def, raw_input, execution, ctx)
        check(output, "output", (ctx.get("State") or {}).get("Name"))
        return output, following

    def matches_but(error_equals: Any, error: str) -> bool:
        if error in {TOO_MUCH, "States.Runtime"}:
            return error in error_equals
        return bool(matches(error_equals, error))

    hook(states, "_add_event", add_checked, ("execution", "event_type", "details"))
    hook(states, "_execute_task", execute_checked, ("state_def", "raw_input", "execution", "ctx"))
    hook(states, "_error_matches", matches_but, ("error_equals", "error"))


def _inputs() -> None:
    """Refuse to start with an input that is too large or no JSON."""
    states = module("ministack.services.stepfunctions")
    start = states._start_execution  # noqa: SLF001 the hook point

    def start_checked(data: Mapping[str, Any]) -> Any:
        given = str(data.get("input", "{}"))
        try:
            json.loads(given)
        except ValueError:
            given = ""
        if not given or len(given.encode()) > MAX_BYTES:
            words = f"Invalid State Machine Execution Input: it must be JSON of at most {MAX_BYTES} bytes."
            return states.error_response_json("InvalidExecutionInput", words, 400)
        return start(data)

    hook(states, "_start_execution", start_checked, ("data",))


def _timeouts() -> None:
    """End an execution as TIMED_OUT when the machine's TimeoutSeconds are over, whatever it waits for."""
    states = module("ministack.services.stepfunctions")
    run, fail = states._run_execution, states._fail_execution  # noqa: SLF001 the hook points

    def end(arn: str) -> None:
        execution = states._executions.get(arn)  # noqa: SLF001 the emulator's own look-up
        if execution and execution["status"] == "RUNNING":
            execution.update(status="TIMED_OUT", stopDate=states.now_iso(), error="States.Timeout")
            states._add_event(execution, "ExecutionTimedOut")  # noqa: SLF001 as above
            states._emit_execution_status_event(execution)  # noqa: SLF001 as above

    def run_bounded(exec_arn: str) -> None:
        execution = states._executions.get(exec_arn) or {}  # noqa: SLF001 as above
        machine = states._state_machines.get(execution.get("stateMachineArn"), {})  # noqa: SLF001 as above
        seconds = json.loads(machine.get("definition", "{}")).get("TimeoutSeconds")
        timer = threading.Timer(seconds, contextvars.copy_context().run, (end, exec_arn)) if seconds else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            run(exec_arn)
        finally:
            if timer:
                timer.cancel()

    def fail_running(execution: Any, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    hook(states, "_run_execution", run_bounded, ("exec_arn",))
    hook(states, "_fail_execution", fail_running, ("execution", "error", "cause"))


def _failing_callbacks() -> None:
    """Fail a waitForTaskToken task at once when its function raises, as Step Functions does.

    MiniStack drops the error and waits for a token that nobody will answer.
    """
    steps = module("ministack.services.stepfunctions")
    invoke, call = steps._invoke_with_callback, steps._call_lambda  # noqa: SLF001 the hook points
    waiting: contextvars.ContextVar[str | None] = contextvars.ContextVar("waiting", default=None)

    def invoke_with_callback(resource: str, input_data: Any, token: str, state_def: Any) -> Any:
        mark = waiting.set(token)
        try:
            return invoke(resource, input_data, token, state_def)
        finally:
            waiting.reset(mark)

    def call_lambda(func_ref: str, event: Any) -> Any:
        try:
            return call(func_ref, event)
        except steps._ExecutionError as error:  # noqa: SLF001 the emulator's own
            task = steps._task_tokens.get(waiting.get())  # noqa: SLF001 where SendTaskFailure leaves its error
            if task is not None:
                task["error"] = {"Error": error.error, "Cause": error.cause}
                task["event"].set()
            raise

    if not hasattr(steps, "_task_tokens"):
        raise HookMissingError("MiniStack's Step Functions keep no _task_tokens.")
    hook(steps, "_invoke_with_callback", invoke_with_callback, ("resource", "input_data", "token", "state_def"))
    hook(steps, "_call_lambda", call_lambda, ("func_ref", "event"))

"""Lambda as AWS bounds it: own packages, errors by name, limits of memory, /tmp and payload, and partial answers."""

import json
import re
import shutil
import subprocess
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from local.cloud import function_limits
from local.cloud.emulator_hooks import hook, module
from local.function_python import function_python
from local.loopback import build_wall

# Documentation: "Lambda quotas"; the answer may be a little longer than the question.
MAX_PAYLOAD: Final = 6 * 1024 * 1024
MAX_ANSWER: Final = MAX_PAYLOAD + 100
DEFAULT_STORAGE: Final = 512
# The last frame's source line, then "package.module.Class: message" or "Class".
_EXCEPTION: Final = re.compile(r"^ +.*\n([A-Za-z_][\w.]*)(?::.*)?$", re.MULTILINE)
_KILLED: Final = "Worker process died"


def bound_functions(work: Path) -> None:
    """Run functions in an environment of their own and within Lambda's limits; `work` keeps it and their /tmp."""
    _own_packages(work / "lambda-python")
    _storage(work / "lambda-tmp")
    _errors_and_answers()
    _partial_answers()


def _own_packages(folder: Path) -> None:
    """Run Python functions on Lambda's version, where the machine has it, and without packages.

    MiniStack would run them with its own interpreter, and a package that is missing from an artifact (duckdb, say)
    would be found among MiniStack's: the function would work here and fail on AWS.
    """
    runtime = module("ministack.core.lambda_runtime")
    made = [str(function_python()), "-m", "venv", "--without-pip", "--symlinks", "--clear", str(folder)]
    subprocess.run(made, check=True, capture_output=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    build_wall(packages)
    with (packages / "sitecustomize.py").open("a", encoding="utf-8") as customize:
        customize.write(Path(function_limits.__file__).read_text(encoding="utf-8"))
    python = str(folder / "bin" / "python")
    original = runtime._detect_runtime_binary  # noqa: SLF001 the hook point

    def detect(runtime_name: str) -> tuple[str, str]:
        binary, worker = original(runtime_name)
        return (python, worker) if runtime_name.startswith("python") else (binary, worker)

    hook(runtime, "_detect_runtime_binary", detect, ("runtime",))


def _storage(folder: Path) -> None:
    """Make a /tmp for each execution environment, and pass to its process how much that may hold."""
    runtime = module("ministack.core.lambda_runtime")
    credentials = runtime.execution_credentials
    shutil.rmtree(folder, ignore_errors=True)

    def with_storage(config: Mapping[str, Any]) -> dict[str, str]:
        megabytes = (config.get("EphemeralStorage") or {}).get("Size", DEFAULT_STORAGE)
        own = folder / f"{config.get('FunctionName', 'function')}-{uuid.uuid4().hex[:8]}"
        return {**credentials(config), "TMPDIR": str(own), "TWIN_FUNCTION_STORAGE": str(megabytes)}

    hook(runtime, "execution_credentials", with_storage, ("config",))


def _errors_and_answers() -> None:
    """Name a function's error by its exception, as Lambda does, and refuse an answer that is too long."""
    functions = module("ministack.services.lambda_svc")
    execute = functions._execute_function  # noqa: SLF001 the hook point

    def execute_bounded(func: Any, event: Any) -> Any:
        if _length(event) > MAX_PAYLOAD:
            return _failed("RequestEntityTooLarge", f"Request must be smaller than {MAX_PAYLOAD} bytes")
        result = execute(func, event)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            killed = body.get("errorMessage") == _KILLED
            name = "Runtime.ExitError" if killed else exception_name(result.get("log", ""))
            message = "Runtime exited with error: signal: killed" if killed else body.get("errorMessage")
            return {**result, "body": {**body, "errorType": name or body["errorType"], "errorMessage": message}}
        if not result.get("error") and _length(body) > MAX_ANSWER:
            words = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
            return {**_failed("Function.ResponseSizeTooLarge", words), "log": result.get("log", "")}
        return result

    hook(functions, "_execute_function", execute_bounded, ("func", "event"))


def _failed(kind: str, message: str) -> dict[str, Any]:
    return {"error": True, "body": {"errorType": kind, "errorMessage": message}}


def _length(payload: Any) -> int:
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=str).encode())


def exception_name(log: str) -> str | None:
    """Find the exception's class in a traceback: the first line that is not indented after the last frame."""
    found = _EXCEPTION.findall(log)
    return found[-1].rpartition(".")[2] if found else None


def _partial_answers() -> None:
    """Take a batch for failed when its partial answer is none that Lambda understands.

    "Handling errors for an SQS event source": an itemIdentifier that is null, empty or of no message, a wrong key, no
    JSON.
    """
    functions = module("ministack.services.lambda_svc")
    run, execute = functions._run_sqs_batch, functions._execute_function  # noqa: SLF001 the hook points
    polled = threading.local()

    def execute_polled(func: Any, event: Any) -> Any:
        result = execute(func, event)
        sent = getattr(polled, "ids", None)
        if sent is not None and not result.get("error") and not understood(result.get("body"), sent):
            return _failed("InvalidBatchResponse", "The partial batch response is not one that Lambda understands.")
        return result

    def run_batch(esm: Any, func_rec: Any, event: Any, batch: Any, queue_url: str, queue_name: str) -> Any:
        if "ReportBatchItemFailures" in esm.get("FunctionResponseTypes", []):
            polled.ids = {message["id"] for message in batch}
        try:
            return run(esm, func_rec, event, batch, queue_url, queue_name)
        finally:
            polled.ids = None

    hook(functions, "_execute_function", execute_polled, ("func", "event"))
    hook(functions, "_run_sqs_batch", run_batch, ("esm", "func_rec", "event", "batch", "queue_url", "queue_name"))


def understood(answer: Any, sent: set[str]) -> bool:
    """Whether Lambda can tell from an answer which messages of a batch failed."""
    if answer is None or answer == {}:
        return True
    if not isinstance(answer, dict) or "batchItemFailures" not in answer:
        # An empty or missing list is complete success; anything that is no object is no answer.
        return isinstance(answer, dict)
    failures = answer["batchItemFailures"]
    if failures is None:
        return True
    return isinstance(failures, list) and all(
        isinstance(failure, dict) and failure.get("itemIdentifier") in sent for failure in failures
    )

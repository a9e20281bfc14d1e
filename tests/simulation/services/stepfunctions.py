"""Step Functions: task tokens, which somebody waits for and somebody answers once, and how executions stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import Exceptions, only, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_CAUSE = 32_768  # characters
_OK = {"HTTPStatusCode": 200, "RetryAttempts": 0}


@dataclass(frozen=True)
class Answer:
    """What a waiting task was told; `error` is empty for success. Unix seconds."""

    at: float
    output: str = ""
    error: str = ""
    cause: str = ""


class StepFunctions:
    """The client; `answers` holds what each token was answered, `executions` the status of each execution."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.exceptions = Exceptions()
        self.answers: dict[str, Answer] = {}
        self.executions: dict[str, str] = {}
        self._waiting: dict[str, Callable[[], None]] = {}
        self._count = 0

    def new_token(self, on_answer: Callable[[], None]) -> str:
        """Wait for an answer; `on_answer` is called when it has come, once."""
        self._count += 1
        token = f"token-{self._count}"
        self._waiting[token] = on_answer
        return token

    def close(self, token: str) -> None:
        """Wait no longer: the task has timed out, was tried again, or its execution has ended."""
        self._waiting.pop(token, None)

    def is_open(self, token: str) -> bool:
        """Whether somebody still waits for this token."""
        return token in self._waiting

    # ------------------------------------------------------------ what boto3 offers

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        """Return how an execution stands."""
        only("DescribeExecution", request, frozenset({"executionArn"}))
        status = self.executions.get(request["executionArn"])
        if status is None:
            raise refusal("DescribeExecution", "ExecutionDoesNotExist", "Execution Does Not Exist")
        return {"executionArn": request["executionArn"], "status": status, "ResponseMetadata": _OK}

    def send_task_success(self, **request: Any) -> dict[str, Any]:
        """Answer with a result."""
        only("SendTaskSuccess", request, frozenset({"taskToken", "output"}))
        return self._answer("SendTaskSuccess", request["taskToken"], Answer(self.now(), output=request["output"]))

    def send_task_failure(self, **request: Any) -> dict[str, Any]:
        """Answer with an error."""
        only("SendTaskFailure", request, frozenset({"taskToken", "error", "cause"}))
        error, cause = request.get("error", ""), request.get("cause", "")
        if len(cause) > LONGEST_CAUSE:
            raise refusal("SendTaskFailure", "ValidationException", "cause is too long")
        return self._answer("SendTaskFailure", request["taskToken"], Answer(self.now(), error=error, cause=cause))

    def _answer(self, operation: str, token: str, answer: Answer) -> dict[str, Any]:
        if not token.startswith("token-"):
            raise refusal(operation, "InvalidToken", "Invalid Token: 'Invalid token'")
        on_answer = self._waiting.pop(token, None)
        if on_answer is None:
            raise refusal(operation, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        self.answers[token] = answer
        on_answer()
        return {"ResponseMetadata": _OK}

"""MWAA: `InvokeRestApi` of one environment in front of Airflow, with AWS's limits and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.services.airflow import Airflow
from tests.simulation.services.errors import Exceptions, only, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS_PER_SECOND = 10
LONGEST_PATH = 64
_KNOWN = frozenset({"Name", "Path", "Method", "Body", "QueryParameters"})


class Mwaa(Airflow):
    """The client, and Airflow behind it.

    Attributes:
        requests: when each request came, refused ones too, in Unix seconds.
        is_away: whether the environment is being updated; then nothing reaches Airflow.
        role_is_missing: whether the caller's policy does not allow it.

    """

    def __init__(self, now: Callable[[], float], environment: str = "airflow") -> None:
        super().__init__(now)
        self.environment = environment
        self.exceptions = Exceptions()
        self.requests: list[float] = []
        self.is_away = False
        self.role_is_missing = False
        self._tokens = float(REQUESTS_PER_SECOND)
        self._filled_at = now()

    def invoke_rest_api(self, **request: Any) -> dict[str, Any]:
        """Ask Airflow; its 4xx is a RestApiClientException, and the environment's own troubles have other names."""
        only("InvokeRestApi", request, _KNOWN)
        if not self._admits():
            raise refusal("InvokeRestApi", "ThrottlingException", "Rate exceeded", 429)
        if self.role_is_missing:
            raise refusal("InvokeRestApi", "AccessDeniedException", "not authorized: airflow:InvokeRestApi", 403)
        path = request["Path"]
        if not 0 < len(path) <= LONGEST_PATH:
            message = f"Value {path!r} at 'path' failed to satisfy constraint: Member must have length less than or"
            raise refusal("InvokeRestApi", "ValidationException", f"{message} equal to {LONGEST_PATH}")
        if request["Name"] != self.environment:
            raise refusal("InvokeRestApi", "ResourceNotFoundException", "Environment was not found.", 404)
        if self.is_away:
            raise refusal("InvokeRestApi", "InternalServerException", "The environment is UPDATING.", 500)
        status, body = self.answer(request["Method"], path, request.get("Body"))
        told = {"RestApiStatusCode": status, "RestApiResponse": body}
        if status >= 400:
            kind = "RestApiClientException" if status < 500 else "RestApiServerException"
            raise refusal("InvokeRestApi", kind, "", 400, **told)
        return told

    def _admits(self) -> bool:
        """Pass ten requests at once, and ten a second."""
        now = self.now()
        self.requests.append(now)
        self._tokens = min(REQUESTS_PER_SECOND, self._tokens + (now - self._filled_at) * REQUESTS_PER_SECOND)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

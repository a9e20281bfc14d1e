"""Which errors of AWS pass by themselves, so that the same request is worth another try."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

# Throttling is answered with 400 by some services, with 429 or 503 by others.
_PASSING = frozenset(
    {
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "ServiceUnavailable",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
_TOO_MANY, _SERVER_ERROR = 429, 500


def passes(error: BaseException) -> bool:
    """Whether AWS is away or throttles; any other answer is about this one request, and will be the same again."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return error.response["Error"].get("Code") in _PASSING or status == _TOO_MANY or status >= _SERVER_ERROR
    return isinstance(error, BotoCoreError) and not isinstance(error, ParamValidationError)

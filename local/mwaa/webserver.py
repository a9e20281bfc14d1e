"""Airflow's web server as MWAA calls it for a caller: with a token of their Airflow role, within ten seconds."""

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

TIMEOUT_SECONDS: Final = 10.0
MAX_ANSWER_BYTES: Final = 6 * 1024 * 1024
_TOKEN_SECONDS: Final = 60
# MWAA's roles, strongest first -> the role in the tokens of Airflow's SimpleAuthManager. It knows no Public; a caller
# without a role may do nothing there, which is what Public may do in MWAA.
AIRFLOW_ROLES: Final[Mapping[str, str]] = {
    "Admin": "ADMIN",
    "Op": "OP",
    "User": "USER",
    "Viewer": "VIEWER",
    "Public": "",
}


class WebServerError(Exception):
    """Airflow gave no answer that could be handed on; the call may have taken effect all the same."""


@dataclass(frozen=True)
class RestCall:
    """One call to Airflow's REST API; `path` has no version prefix, `query` and `body` are as the caller sent them."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class RestAnswer:
    """What Airflow said: its status, and its body as JSON, or as text where it was not JSON."""

    status: int
    content: Any


class WebServer:
    """Airflow's REST API at `url`; `secret` gives the key it checks tokens with, `clock` seconds since the epoch."""

    def __init__(self, url: str, secret: Callable[[], str], clock: Callable[[], float]) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._clock = clock
        # Loopback is never behind a proxy, and the one timeout is ours.
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)  # noqa: S113 see call()

    async def call(self, rest: RestCall, role: str, user: str) -> RestAnswer:
        """Make the call as `user` with MWAA's role `role`.

        Raises:
            WebServerError: not reachable, not within TIMEOUT_SECONDS, or an answer over MAX_ANSWER_BYTES.

        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, body = await self._exchange(rest, role, user)
        except TimeoutError:
            # As on AWS, only the waiting ends: Airflow goes on, and a run that was asked for may exist.
            raise WebServerError(f"Airflow did not answer within {TIMEOUT_SECONDS:.0f} seconds.") from None
        except (httpx.HTTPError, OSError) as error:
            raise WebServerError(
                f"Airflow's web server cannot be reached ({type(error).__name__}: {error})."
            ) from error
        return RestAnswer(status, _content(body))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(self, rest: RestCall, role: str, user: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self._token(role, user)}", "Accept": "application/json"}
        content = None
        if rest.body is not None:
            # As it came, nulls included: `"logical_date": null` is a value there.
            content = json.dumps(rest.body).encode()
            headers["Content-Type"] = "application/json"
        async with self._client.stream(rest.method, self._address(rest), content=content, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise WebServerError(f"Airflow's answer is larger than {MAX_ANSWER_BYTES} bytes.")
            return response.status_code, bytes(body)

    def _address(self, rest: RestCall) -> str:
        path = quote("/" + rest.path.lstrip("/"), safe="/%:@~+!$&'()*,;=")
        query = urlencode({name: _texts(value) for name, value in rest.query.items()}, doseq=True)
        return f"{self._url}/api/v2{path}" + (f"?{query}" if query else "")

    def _token(self, role: str, user: str) -> str:
        """Sign a token as Airflow itself does: a JWT with HS512. Airflow shows `user` as who triggered a run."""
        now = int(self._clock())
        claims = {
            "sub": user,
            "role": AIRFLOW_ROLES[role],
            "teams": [],
            "aud": "apache-airflow",
            "jti": uuid.uuid4().hex,
            "iat": now,
            "nbf": now,
            "exp": now + _TOKEN_SECONDS,
        }
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS512", "typ": "JWT"}, claims))
        signature = hmac.new(self._secret().encode(), signed, hashlib.sha512).digest()
        return (signed + b"." + _base64url(signature)).decode()


def _content(body: bytes) -> Any:
    """The answer as a JSON document; `{}` for an empty one (DELETE), a string for what is not JSON."""
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _texts(value: Any) -> list[str]:
    """A query parameter's texts: several for a list, none for null, JSON's spelling for booleans."""
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else json.dumps(one) for one in values if one is not None]


def _base64url(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")

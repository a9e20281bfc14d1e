"""Who may talk to the twin's servers: programs on this machine, never a page that a browser has open.

The standard library only: MiniStack's own Python and Airflow's import it too.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A name that resolves to this machine may be anybody's (DNS rebinding): only these are ours.
_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REFUSAL: Final = (
    b"The twin answers programs on this machine only: Host must be 127.0.0.1, and no other site may ask.\n"
)


def only_from_this_machine(inner: App) -> App:
    """Put a check in front of an ASGI application: Host and Origin are this server, or the answer is 403.

    A browser sends requests of any page to loopback. It names the page in Origin, or at least says in Sec-Fetch-Site
    that it is another site; a page whose own name has been turned to 127.0.0.1 is told by its Host.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not complaint(dict(scope.get("headers", []))):
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(_REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})

    return app


def complaint(headers: dict[bytes, bytes]) -> str:
    """Name the header that tells a stranger; empty when the request is this machine's own."""
    lower = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers.items()}
    host = lower.get("host", "")
    if urlsplit(f"//{host}").hostname not in _NAMES:
        return "Host"
    origin = lower.get("origin")
    if origin is not None and origin.lower() not in {f"http://{host.lower()}", f"https://{host.lower()}"}:
        return "Origin"
    return "Sec-Fetch-Site" if lower.get("sec-fetch-site", "none") not in {"none", "same-origin"} else ""

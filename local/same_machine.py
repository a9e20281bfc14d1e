"""Who may talk to the twin's servers: programs on this machine, never a page that a browser has open.

The standard library only: MiniStack's own Python and Airflow's import it too.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# A name that resolves to this machine may be anybody's (DNS rebinding): only these are ours.
_OURS: Final = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_REFUSAL: Final = (
    b"The twin answers programs on this machine only: Host must be 127.0.0.1, and no other site may ask.\n"
)


def only_from_this_machine(inner: App) -> App:
    """Put a check in front of an ASGI application: Host and Origin are this server, or the answer is 403.

    A browser sends requests of any page to loopback. It names the page in Origin, or at least says in Sec-Fetch-Site
    that it is another site; a page whose own name has been turned to 127.0.0.1 is told by its Host.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not complaint(scope.get("headers", [])):
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(_REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})

    return app


def complaint(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Name the header that tells a stranger; empty when the request is this machine's own."""
    given = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    hosts = [value for name, value in given if name == "host"]
    if len(hosts) != 1 or not _OURS.fullmatch(hosts[0]):  # of two, servers read one or the other
        return "Host"
    origins = {value.lower() for name, value in given if name == "origin"}
    if origins - {f"http://{hosts[0].lower()}", f"https://{hosts[0].lower()}"}:
        return "Origin"
    sites = {value for name, value in given if name == "sec-fetch-site"}
    return "Sec-Fetch-Site" if sites - {"none", "same-origin"} else ""

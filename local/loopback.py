"""Nothing leaves this machine: a check of addresses, and a wall around a whole Python process.

The standard library only: MiniStack's own Python, the functions' and the Glue jobs' import it too.
"""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class NotLoopbackError(Exception):
    """A request would have left this machine; nothing was sent."""


def refuse_unless_loopback(url: str) -> str:
    """Return `url` when its host is this machine, else raise NotLoopbackError.

    A host name that ends in `.localhost` is loopback by RFC 6761; any other name could resolve to anywhere.
    """
    host = urlsplit(url).hostname or ""
    if not is_loopback(host):
        raise NotLoopbackError(
            f"The twin was about to send a request to {host or url!r}, which is not this machine. Nothing was sent. "
            "Unset AWS_ENDPOINT_URL and its relatives, or say which command did this: it is a mistake in Suimon."
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_connections() -> None:
    """Make every later connection of this process to another machine raise NotLoopbackError, for good.

    A wall against mistakes (telemetry, downloads, a real account), not against malice: what is no Python passes.
    """
    sys.addaudithook(_refuse)


def build_wall(folder: Path) -> None:
    """Write a `sitecustomize` into `folder`: every Python that finds it on its path refuses such connections."""
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).read_text(encoding="utf-8")
    (folder / "sitecustomize.py").write_text(f"{source}\n\nrefuse_connections()\n", encoding="utf-8")


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path is a socket of this machine
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    # Servers look up what they bind, and programs the name of their own machine.
    if host and host not in {"0.0.0.0", "::", _own_name()} and not is_loopback(host):  # noqa: S104 looked up, not bound
        raise NotLoopbackError(f"{event} to {host}: the twin never leaves this machine. Nothing was sent.")


def _own_name() -> str:
    import socket  # noqa: PLC0415 the module is small where nothing connects

    return socket.gethostname()

"""Run a command in a process group that ends with whoever holds the other end of our standard input.

Started as a program of its own by `local.glue.process`, in a new session: an endpoint that is killed outright cannot
end its Spark any more, but the system closes its end of the pipe, and that is read here. Works on Linux and macOS.
"""

import os
import signal
import subprocess
import sys
import threading


def main(argv: list[str]) -> int:
    """Run `argv`; give its exit code, or 128 and the signal that ended it, as a shell does."""
    threading.Thread(target=_end_with_owner, daemon=True).start()
    code = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode
    # The script is over; a JVM that it left behind is not to outlive it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    return code if code >= 0 else 128 - code


def _end_with_owner() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

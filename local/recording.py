"""Records what a person on call sees of a twin that is up: `suimon status` and `explain`, and the stack's page.

`make demo`, then `python -m local recording docs` writes docs/on-call.svg and docs/on-call-page.png; look at both.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from local.isolation import REGION, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.twin import Twin

COLUMNS: Final = 100
LINES: Final = 60
PAGE_SIZE: Final = "1000,1150"
_CHUNK: Final = 65_536


def record(twin: Twin, folder: Path, commands: list[str]) -> list[Path]:
    """Type commands as a viewer of the stack and draw them into a folder, beside a picture of the page.

    CalledProcessError for a command that cannot answer, or a browser that shows nothing.
    """
    keys = twin.principals["viewer"]
    environment = clean_environment(
        {},
        twin.endpoint(),
        AWS_ACCESS_KEY_ID=keys.access_key_id,
        AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
        AWS_REGION=REGION,
        TERM="xterm-256color",
        COLUMNS=str(COLUMNS),
    )
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command in commands:
        console.print(Text(f"$ {command}", "bold"))
        console.print(Text.from_ansi(on_a_terminal(command.split(), environment)))
        console.print()
    # Without rich's web fonts: the picture shall look nothing up when somebody reads the README.
    drawn = re.sub(r"@font-face {.*?}", "", console.export_svg(title="suimon, on call"), flags=re.DOTALL)
    picture = folder / "on-call.svg"
    picture.write_text(drawn, encoding="utf-8")
    return [picture, *_page(folder, environment)]


def on_a_terminal(words: list[str], environment: Mapping[str, str]) -> str:
    """Return what a command of this release writes to a terminal; CalledProcessError when it could not answer."""
    program = str(Path(sys.executable).with_name(words[0]))
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    with subprocess.Popen([program, *words[1:]], stdout=its, stderr=its, stdin=its, env=dict(environment)) as typed:
        os.close(its)
        written = b""
        with suppress(OSError):  # the terminal is gone with the program
            while chunk := os.read(ours, _CHUNK):
                written += chunk
    os.close(ours)
    text = written.decode(errors="replace").replace("\r\n", "\n")
    if typed.returncode not in {0, 1}:
        raise subprocess.CalledProcessError(typed.returncode, words, text)
    return text.rstrip()


def _page(folder: Path, environment: Mapping[str, str]) -> list[Path]:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return []
    with tempfile.TemporaryDirectory() as made:
        page, picture = Path(made) / "page.html", folder / "on-call-page.png"
        on_a_terminal(["suimon", "status", "--html", str(page)], environment)
        shown = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        shown += [f"--user-data-dir={made}/profile", f"--window-size={PAGE_SIZE}", f"--screenshot={picture}", str(page)]
        subprocess.run(shown, check=True, capture_output=True, timeout=120)
    return [picture]

"""What a file holds is text wherever people read it: in a terminal that is one, and in a browser that runs scripts."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.process
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
version: "1"
schema:
  - name: goods
    physicalName: goods
    properties:
      - {name: code, logicalType: string, logicalTypeOptions: {maxLength: 3}}
      - {name: pieces, logicalType: integer}
customProperties:
  - {property: keyPattern, value: "goods/{ds}.csv"}
  - {property: dag, value: goods_etl}
  - property: dialect
    value: {encoding: utf-8, delimiter: ',', quote: '"', escape: '"', header: true, nullTokens: ['']}
"""
TITLE = "PWNED"
# What a terminal would obey: its title, a link, colours, the cursor, a bell; C1 controls; a turned direction.
ESCAPES = (
    f"\x1b]0;{TITLE}\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[31mred\x1b[2J\x1b[H",
    "\x07\x08\x7f",
    "\x9b31m\x9d0;x\x9c",
    "a\u202etxt.exe",
)
SCRIPT = f"document.title='{TITLE}';fetch('/stolen')"


def tags(host: str) -> tuple[str, ...]:
    """Write cells that a browser would run, or that would have it ask a server, as pages are attacked."""
    return (
        f"<script>{SCRIPT}</script>",
        f"</code></td></table></main><script>{SCRIPT}</script>",
        f'<img src="http://{host}/stolen" onerror="{SCRIPT}">',
        f'"><svg onload="{SCRIPT}">',
        f"<iframe src=http://{host}/stolen></iframe>",
        f'<link rel=stylesheet href="http://{host}/stolen"><style>@import "http://{host}/stolen"</style>',
        f'<meta http-equiv=refresh content="0;url=http://{host}/stolen">',
        f'<a href="javascript:{SCRIPT}" autofocus onfocus="{SCRIPT}">x</a>',
    )


def checked(folder: Path, cells: tuple[str, ...], name: str = "goods.csv") -> tuple[str, str]:
    """Check a file with these cells at a terminal; return what came out there, and the report's page."""
    rows = ['"{}",x'.format(cell.replace('"', '""')) for cell in cells]
    (folder / name).write_text("\n".join(["code,pieces", *rows, ""]), encoding="utf-8", newline="")
    (folder / "goods.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    arguments = ["check", str(folder / name), "--contract", str(folder / "goods.odcs.yaml")]
    main, end = pty.openpty()
    command = [sys.executable, "-c", "from suimon.cli.main import main; main()", *arguments]
    process = subprocess.Popen(
        [*command, "--partition", "2026-11-20", "--report", str(folder / "report")],
        stdin=end, stdout=end, stderr=end, env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"},
    )  # fmt: skip
    os.close(end)
    shown = b""
    while True:
        try:
            more = os.read(main, 65_536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(main)
    assert process.wait() == 1, shown.decode(errors="replace")
    return shown.decode(errors="replace"), (folder / "report" / "report.html").read_text(encoding="utf-8")


def test_a_terminal_obeys_nothing_that_stands_in_a_file_or_in_its_name(tmp_path: Path) -> None:
    shown, page = checked(tmp_path, ESCAPES, f"goods\x1b]0;{TITLE}\x07.csv")
    # Rich's own: colours, and the progress bar's cursor.
    left = re.sub(r"\x1b\[[0-9;?]*[mKAhlJG]", "", shown)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", left)
    assert "\x1b[2J" not in shown
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", page)


class Stolen(BaseHTTPRequestHandler):
    """Serves the page and counts what else is asked for."""

    page = ""
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        body = type(self).page.encode() if self.path == "/" else b""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[tuple[type[Stolen], str]]:
    class Handler(Stolen):
        asked: list[str] = []  # noqa: RUF012 of this server

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield Handler, f"127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()


def rendered(host: str, profile: Path) -> str:
    """Run the page in a real browser to its end; return the document that came of it."""
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
        "--virtual-time-budget=3000", "--dump-dom", f"http://{host}/",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_runs_nothing_of_a_report_and_asks_nobody(server: tuple[type[Stolen], str], tmp_path: Path) -> None:
    handler, host = server
    _, handler.page = checked(tmp_path, tags(host))
    document = rendered(host, tmp_path / "profile")
    assert "&lt;script&gt;" in document  # the cell is there, as text
    assert f"<title>{TITLE}" not in document
    assert [path for path in handler.asked if path not in {"/", "/favicon.ico"}] == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_same_cells_on_a_page_that_does_not_guard_itself_do_run(
    server: tuple[type[Stolen], str], tmp_path: Path
) -> None:
    handler, host = server
    handler.page = f"<!doctype html><title>plain</title>{''.join(tags(host)[:4])}"
    document = rendered(host, tmp_path / "profile")
    assert f"<title>{TITLE}" in document
    assert "/stolen" in handler.asked

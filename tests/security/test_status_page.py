"""The page of a stack in a real browser: it runs nothing, it asks nobody, and a phone shows it whole."""

from __future__ import annotations

import re
import subprocess
from html import escape
from typing import TYPE_CHECKING

import pytest

from suimon.freshness.expected import FileState
from suimon.incidents.about import About
from suimon.incidents.kinds import Kind, Severity
from suimon.status.overview import Held, overview
from suimon.status.page import page
from tests.security.test_hostile_contents import CHROMIUM, TITLE, Stolen, rendered, server, tags
from tests.unit.status.sample import NOW, expected, incident, sample_page
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["server"]  # the fixture
pytestmark = pytest.mark.process
PHONE = (390, 844)
# What a page that is wider than its window would show: each element that sticks out of it.
MEASURE = """<script>
const wide = [...document.querySelectorAll('body *')].filter(one => !one.closest('.wide') || one.matches('.wide'))
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.tagName + '.' + one.className);
document.title = 'measured ' + document.documentElement.scrollWidth + ' of ' + innerWidth + ' ' + wide.join(' ');
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_runs_nothing_of_a_status_page_and_asks_nobody(
    server: tuple[type[Stolen], str],
    tmp_path: Path,
) -> None:
    handler, host = server
    one, two, three, four = tags(host)[:4]
    about = About(dataset=two, partition=three, drop_id=four)
    found = overview(
        [expected(one, 1, FileState.MISSING, 1)],
        [incident(Kind.REJECTED, each, about, Severity.ERROR) for each in tags(host)],
        [Held(each, NOW, None) for each in tags(host)],
        [one],
        tags(host),
        tags(host),
        {},
    )
    handler.page = page(found, "suimon-prod", NOW, "en")
    document = rendered(host, tmp_path / "profile")
    assert "&lt;script&gt;" in document
    assert f"<title>{TITLE}" not in document
    assert [path for path in handler.asked if path not in {"/", "/favicon.ico"}] == []


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_phone_shows_a_page_without_scrolling_sideways_but_in_its_tables(language: str, tmp_path: Path) -> None:
    written = sample_page("ja" if language == "ja" else "en")
    # The measuring script is the test's own: it runs only without the page's policy. A frame is as narrow as a phone.
    measured = re.sub(r"<meta http-equiv=.*?>", "", written).replace("</body>", f"{MEASURE}</body>")
    frame = f'<iframe srcdoc="{escape(measured)}" width="{PHONE[0]}" height="{PHONE[1]}" style="border:0"></iframe>'
    listen = "<script>onload=()=>{document.title=frames[0].document.title}</script>"
    (tmp_path / "frame.html").write_text(f"<!doctype html><title>-</title>{frame}{listen}", encoding="utf-8")
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=3000", "--dump-dom", f"file://{tmp_path}/frame.html",
    ]  # fmt: skip
    document = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    [(width, window, wide)] = re.findall(r"<title>measured (\d+) of (\d+) ?(.*?)</title>", document)
    assert int(window) == PHONE[0]
    assert int(width) <= PHONE[0]
    assert wide == ""

"""What lies in a twin's mailbox at the end of its story, as people get it; mailbox.txt has it by hand.

What differs from one day to the next is written so that it does not: dates move to those of the files, and drops bear
the names that the story gives them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from suimon.drops.states import State
from tests.twin.by_hand import as_operator
from tests.twin.story import LAST_DUE, NEVER_SENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.twin.story import Story

# The business date of the newest file, as the kept letters have it.
KEPT_DUE = date(2026, 11, 20)
MORE, FOOTER = "…", "\n-- \n"
_MOMENT = re.compile(r"\b(?!2099)\d{4}-\d\d-\d\d (?!06:00 Asia/Tokyo)\d\d:\d\d(:\d\d)? ?(?=[A-Z])")
_DATE = re.compile(r"\b(\d{4})([-/])(\d\d)\2(\d\d)\b")
_VERSION = re.compile(r"(version |バージョン )[^\s。、]+")
_ID = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_LINK = re.compile(r"https?://\S+")
_INCIDENT = re.compile(r"^Incident: (.+)$", re.MULTILINE)
RULE = f"{'-' * 40}\n"


def break_and_hold_inventory(story: Story) -> None:
    """Have a file of inventory, whose readers are Japanese, break its contract, and a person hold and release it."""
    day = f"{NEVER_SENT:%Y/%m/%d}"
    text = f"商品コード,倉庫,棚卸日,在庫数,更新日時\r\nA-1,東京第一,{day},多数,{day} 03:30:00\r\n件数,1\r\n"
    story.put_at(f"inventory/{NEVER_SENT}/inventory.csv", "bad inventory", text.encode("cp932"))
    story.wait_for("bad inventory", State.REJECTED)
    for command in (
        ("hold", "inventory", "--until", "2099-12-31T09:00", "--reason", "棚卸中"),
        ("release", "inventory"),
    ):
        answer = as_operator(story, *command)
        assert answer.exit_code == 0, answer.output


def received(story: Story) -> dict[str, list[str]]:
    """Return the subjects of a story's letters, by what they are about; keep the letters beside the mailbox."""
    topic = story.twin.outputs["AlertsTopicArn"]
    alerts = [one for one in story.heard if (one.kind, one.topic_arn) == ("Notification", topic)]
    texts = [_steady(f"Subject: {one.subject}\n\n{one.body.partition(FOOTER)[0].strip()}\n", story) for one in alerts]
    (story.twin.mail.parent / "mailbox.txt").write_text(RULE.join(texts), encoding="utf-8")
    return subjects_of((_incident(text), text.partition("\n")[0].removeprefix("Subject: ")) for text in texts)


def by_hand() -> dict[str, list[str]]:
    """Return what mailbox.txt says."""
    lines = (Path(__file__).parent / "mailbox.txt").read_text(encoding="utf-8").splitlines()
    cells = (line.split(maxsplit=1) for line in lines if not line.startswith("#"))
    return subjects_of((about, subject) for about, subject in cells)


def subjects_of(letters: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return subjects by what they are about, in their order."""
    found = defaultdict[str, list[str]](list)
    for about, subject in letters:
        found[about].append(subject)
    return dict(found)


def are_those(got: list[str] | None, wanted: list[str]) -> bool:
    """Whether subjects are those that are written; behind `…` others may follow."""
    if got is None or wanted[-1] != MORE:
        return got == wanted
    return got[: len(wanted) - 1] == wanted[:-1]


def _incident(text: str) -> str:
    """Return what a letter is about: its incident, or the end of a replay."""
    found = _INCIDENT.search(text)
    return found[1] if found else "replay"


def _steady(text: str, story: Story) -> str:
    for name, drop in story.drops.items():
        text = text.replace(drop.id, f"[{name}]")
    text = _ID.sub("[id]", _LINK.sub("[link]", _VERSION.sub(r"\1[version]", text)))
    return _DATE.sub(_moved, _MOMENT.sub("[then] ", text))


def _moved(found: re.Match[str]) -> str:
    day = KEPT_DUE + (date(int(found[1]), int(found[3]), int(found[4])) - LAST_DUE)
    return day.isoformat().replace("-", found[2]) if abs(day - KEPT_DUE) < timedelta(days=30) else found[0]

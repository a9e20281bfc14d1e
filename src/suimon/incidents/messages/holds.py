"""Messages about datasets that a person holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import OF_STACK, wall_time
from suimon.incidents.incident import Problem, listed, listed_in_japanese
from suimon.incidents.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

HOLD_IS_OVER = Bilingual(
    "The time of the hold is over. What was held is started now.",
    "保留の期限が過ぎました。保留していたものを開始します。",
)


def held(hold: Hold, waiting: Sequence[DropRecord], zone: str) -> Problem:
    """Report a dataset that is held, and what waits there; `zone`: of its times, the dataset's."""
    files = [f"{one.drop.shown_key} (drop {one.id})" for one in waiting]
    wait = f"These wait:\n{listed(files)}" if waiting else "No file waits yet."
    wait_ja = f"待機中のファイル:\n{listed_in_japanese(files)}" if waiting else "待機中のファイルはまだありません。"
    ends = Bilingual("until somebody releases it", "解除されるまで")
    if hold.until:
        until = wall_time(hold.until, zone)
        ends = Bilingual(f"until {until}", f"{until} まで")
    who, since, reason = shown(hold.who), wall_time(hold.since, zone), shown(hold.reason)
    release = f"  suimon release {hold.dataset}{OF_STACK}"
    return Problem(
        kind=Kind.HELD,
        about=About(dataset=hold.dataset),
        subject=Bilingual(
            f"{hold.dataset} is held: no run starts {ends}",
            f"{hold.dataset} を保留中: {japanese(ends)}実行を開始しません",
        ),
        body=Bilingual(
            f"Held by {who} since {since}: {reason}\n\n"
            f"Files are checked and kept meanwhile. {wait}\n\n"
            "What to do: nothing, as long as that is right. To start what waits, the last file of each date alone:\n"
            f"{release}",
            f"{who} が {since} から保留しています: {reason}\n\n"
            f"その間、ファイルは検査のうえ保管されます。{wait_ja}\n\n"
            "対応: そのままでよければ不要です。待機中のもの（日付ごとに最後のファイルのみ）を開始するには:\n"
            f"{release}",
        ),
        fingerprint=f"{since} {ends} {hold.reason}",
    )


def released(hold: Hold) -> Bilingual:
    """Return how a hold has ended, for its last message."""
    if not hold.released_by:
        return HOLD_IS_OVER
    who = shown(hold.released_by)
    return Bilingual(
        f"{who} has released it. What was held is started now.",
        f"{who} が保留を解除しました。保留していたものを開始します。",
    )

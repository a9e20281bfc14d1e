"""What is told of a set: a shard that it does not take, and that it is not whole in time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.sets import listed
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import clock
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import IncidentId, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.keys import KeyPattern
    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import DropRecord
    from suimon.drops.sets import DropSet


CLOSED = "It keeps its contract, but its set is closed."


def closed(record: DropRecord, whole: DropSet) -> Problem:
    """Report that a shard is not taken into its set."""
    file, members = record.drop.shown_uri, sorted(whole.members)
    head, version = f"{record.dataset} {record.partition}", shown(record.drop.version_id)
    return Problem(
        kind=Kind.SET_CLOSED,
        about=About.drop(record),
        subject=Bilingual(
            f"{head}: a shard beyond the set is rejected", f"{head}: セット締め切り後のシャードを受け入れません"
        ),
        body=Bilingual(
            f"{file} keeps its contract, but the set is closed.\n"
            f"It has {len(members)} shards: {listed(members)}.\n\n"
            "What to do: nothing, if it came by mistake. If its rows belong there, send them in a shard of the set, or "
            "let the contract reload: surplus or late of its set.\n"
            f"Drop {record.id}, version {version}.",
            f"{file} は契約を満たしていますが、セットはすでに締め切られています。\n"
            f"セットのシャードは {len(members)} 件です: {listed(members)}\n\n"
            "対応: 誤って送信されたものであれば不要です。必要な行であれば、セットのシャードに含めて再送するか、"
            "契約の set で surplus または late を reload にしてください。\n"
            f"ドロップ {record.id}、バージョン {version}",
        ),
        fingerprint=record.id,
    )


def incomplete_id(whole: DropSet) -> IncidentId:
    """Return the incident of a set that is not whole in time."""
    return IncidentId.of(Kind.INCOMPLETE_SET, About(dataset=whole.dataset, partition=whole.partition))


def incomplete(whole: DropSet, rule: SetRule, pattern: KeyPattern, until: datetime) -> Problem:
    """Report a set that was due by `until` and is not whole."""
    lacking, members, head = _lacking(whole, rule, pattern), sorted(whole.members), f"{whole.dataset} {whole.partition}"
    have = f"Accepted are {len(members)}: {listed(members)}." if members else "None has come."
    have_ja = f"受け入れ済み {len(members)} 件: {listed(members)}" if members else "まだ 1 件も届いていません。"
    since = f" is awaited since {clock(whole.waiting_since)}; it" if whole.waiting_since else ""
    since_ja = f"待機開始: {clock(whole.waiting_since)}\n" if whole.waiting_since else ""
    key, due = pattern.key_for(whole.partition), clock(until)
    return Problem(
        kind=Kind.INCOMPLETE_SET,
        about=About(dataset=whole.dataset, partition=whole.partition),
        subject=Bilingual(f"{head}: the set is not whole", f"{head}: セットが揃っていません"),
        body=Bilingual(
            f"The set of {key}{since} was due by {due}.\nMissing: {lacking}.\n{have}\n\n"
            "What to do: see whether what is missing was rejected, which another e-mail says, or never sent. When it "
            "comes, the set is loaded by itself.",
            f"{key} のセットが期限 {due} までに揃いませんでした。\n{since_ja}"
            f"不足: {japanese(lacking)}\n{have_ja}\n\n"
            "対応: 不足分が受け入れ不可となったか（別のメールで通知済み）、送信されていないかを確認してください。"
            "届きしだい、セットは自動的に取り込まれます。",
        ),
        fingerprint=hashlib.sha256(lacking.encode()).hexdigest()[:16],
    )


def _lacking(whole: DropSet, rule: SetRule, pattern: KeyPattern) -> str:
    if rule.shards:
        lacking = rule.shards - len(whole.members)
        return Bilingual(f"{lacking} of {rule.shards} shards", f"{rule.shards} 件中 {lacking} 件のシャード")
    if whole.expected is None:
        return rule.control.key_for(whole.partition) if rule.control else ""
    missing = sorted(whole.expected - whole.members.keys())
    return listed([pattern.key_for(whole.partition, name) for name in missing])

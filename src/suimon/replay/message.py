"""The message at the end of a replay: how many partitions were loaded, which were not, and what to type next."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.replay_record import FINISHED, FORGOTTEN, STOPPED, TOO_MANY_FAILED
from suimon.drops.wording import Bilingual, in_language, japanese
from suimon.incidents.about import About
from suimon.incidents.email import OF_STACK, plain_lines, subject_line
from suimon.incidents.incident import Text, listed, listed_in_japanese
from suimon.incidents.rendering import with_stack
from suimon.replay.summary import Fate, Result
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_sns import SNSClient

    from suimon.contract.file import Language
    from suimon.drops.replay_record import Counts, ReplayRecord
    from suimon.incidents.recipients import Recipient, Recipients

SCHEMA = "suimon.replay/1"
_LISTED = 20  # the ledger and `suimon replay --follow` have the rest

_ENDS = {
    FINISHED: Bilingual("It has come to its end.", "最後まで実行しました。"),
    STOPPED: Bilingual(
        "It was stopped: what had begun runs to its end by itself, nothing else was begun.",
        "停止されました。開始済みの実行はそのまま最後まで進み、それ以外は開始していません。",
    ),
    TOO_MANY_FAILED: Bilingual(
        "More partitions have failed than it tolerates, so no more were begun.",
        "失敗が許容数を超えたため、残りは開始していません。",
    ),
    # An execution that ended without a summary, by its status in Step Functions.
    "TIMED_OUT": Bilingual(
        "It ran for thirty days, and Step Functions ended it.",
        "開始から 30 日を超えたため、Step Functions により終了されました。",
    ),
    "FAILED": Bilingual("Its execution failed before its end could be told.", "結果を集計する前に実行が失敗しました。"),
    FORGOTTEN: Bilingual(
        "It ended longer ago than Step Functions remembers.",
        "終了から時間が経ち、Step Functions の記録は残っていません。",
    ),
}


@dataclass(frozen=True)
class SummaryMessages:
    """Publishes summaries to the topic of the stack, in the language of each dataset's contract."""

    sns: SNSClient
    topic_arn: str
    recipients: Recipients
    stack: str

    def publish(self, record: ReplayRecord, found: Sequence[Result], now: datetime) -> None:
        """Publish the summary of a replay that has ended."""
        recipient = self.recipients.to(About(dataset=record.dataset))
        said = text_of(record, found, recipient, self.stack)
        attributes = {"kind": "replay", "dataset": record.dataset, "severity": severity_of(record)}
        texts = {"default": machine_form(record, recipient, self.stack, said, now), "email": said.body}
        self.sns.publish(
            TopicArn=self.topic_arn,
            Subject=said.subject,
            Message=json.dumps(texts, ensure_ascii=False),
            MessageStructure="json",
            MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()},
        )


def severity_of(record: ReplayRecord) -> str:
    """Return what filters choose by: an error if something failed, or the replay broke off that no person stopped."""
    return "error" if record.counts.failed or record.end not in {FINISHED, STOPPED} else "info"


def text_of(record: ReplayRecord, found: Sequence[Result], recipient: Recipient, stack: str) -> Text:
    """Return subject and body in the recipient's language, fit to be sent."""
    head = "ERROR" if severity_of(record) == "error" else "REPLAY"
    subject = Bilingual(
        f"{record.dataset} {record.first} to {record.last} replayed: {told_in_english(record.counts)}",
        f"{record.dataset} {record.first}～{record.last} の再実行: {told_in_japanese(record.counts)}",
    )
    body = plain_lines(with_stack(in_language(_body(record, found), recipient.language), stack))
    return Text(subject_line(f"[{head}] {in_language(subject, recipient.language)}"), f"{body}\n")


def machine_form(record: ReplayRecord, recipient: Recipient, stack: str, said: Text, now: datetime) -> str:
    """Return what machines get: docs/replay.schema.json."""
    form = {
        "schema": SCHEMA,
        "replay": record.id,
        "dataset": record.dataset,
        "stack": stack,
        "from": record.first,
        "to": record.last,
        "what": record.what,
        "plan": record.plan,
        "end": record.end,
        "planned": record.planned,
        "counts": asdict(record.counts),
        "reason": record.reason,
        "who": record.who,
        "began_at": record.began_at.isoformat(timespec="seconds"),
        "ended_at": record.ended_at.isoformat(timespec="seconds") if record.ended_at else None,
        "published_at": now.isoformat(timespec="seconds"),
        "language": recipient.language,
        "subject": said.subject,
        "commands": [with_stack(command, stack) for command in next_commands(record)],
    }
    return json.dumps(form, ensure_ascii=False)


def next_commands(record: ReplayRecord) -> list[str]:
    """Return the commands to type next: to go on, to try what failed again, to look at what runs."""
    counts, range_of = record.counts, f"--from {record.first} --to {record.last}"
    commands = list[str]()
    if counts.remaining:
        commands.append(f"suimon replay {record.dataset} --resume {record.id}{OF_STACK}")
    if counts.failed:
        commands.append(f"suimon replay {record.dataset} {range_of} --what failed{OF_STACK}")
        commands.append(f"suimon replay {record.dataset} {range_of} --what rejected{OF_STACK}")
    if counts.running:
        commands.append(f"suimon replay {record.dataset} --follow {record.id}{OF_STACK}")
    return commands or [f"suimon status {record.dataset}{OF_STACK}"]


def told_in_english(counts: Counts) -> str:
    """Return the counts in one sentence's part; what is none is left out, but what was loaded."""
    parts = {
        "with nothing to do": counts.unneeded,
        "failed": counts.failed,
        "still running": counts.running,
        "not begun": counts.remaining,
    }
    return ", ".join([f"{counts.loaded:,} loaded", *(f"{count:,} {name}" for name, count in parts.items() if count)])


def told_in_japanese(counts: Counts) -> str:
    """Return the same in Japanese."""
    parts = {
        "処理不要": counts.unneeded,
        "失敗": counts.failed,
        "実行中": counts.running,
        "未開始": counts.remaining,
    }
    return "、".join(
        [f"取り込み {counts.loaded:,} 件", *(f"{name} {count:,} 件" for name, count in parts.items() if count)]
    )


def told(counts: Counts, language: Language) -> str:
    """Return the same in a language."""
    return told_in_japanese(counts) if language == "ja" else told_in_english(counts)


def _body(record: ReplayRecord, found: Sequence[Result]) -> Bilingual:
    who, reason, cause = shown(record.who), shown(record.reason), shown(record.end)
    by = f" by {who}" if who else ""
    why = f"\nReason: {reason}" if reason else ""
    end = _ENDS.get(record.end, Bilingual(f"It has broken off: {cause}", f"途中で終了しました: {cause}"))
    commands = "\n".join(f"  {command}" for command in next_commands(record))
    english = [
        (
            f"Replay {record.id} of {record.dataset}, {record.first} to {record.last} ({record.what}), begun "
            f"{record.began_at:%Y-%m-%d %H:%M}Z{by}.{why}"
        ),
        f"{end} {told_in_english(record.counts)}, of {record.planned:,}.",
        *_lists(found, "en"),
        f"Next:\n{commands}",
    ]
    by, why = (f"、実行者 {who}" if by else ""), (f"\n理由: {reason}" if why else "")
    in_japanese = [
        (
            f"{record.dataset} の再実行 {record.id}、{record.first}～{record.last}（{record.what}）、開始 "
            f"{record.began_at:%Y-%m-%d %H:%M} UTC{by}。{why}"
        ),
        f"{japanese(end)}全 {record.planned:,} 件のうち、{told_in_japanese(record.counts)}。",
        *_lists(found, "ja"),
        f"次のコマンド:\n{commands}",
    ]
    return Bilingual("\n\n".join(english), "\n\n".join(in_japanese))


_TITLES = {
    Fate.FAILED: Bilingual("Not loaded:", "取り込めなかったもの:"),
    Fate.RUNNING: Bilingual("Still running:", "実行中:"),
    Fate.REMAINING: Bilingual("Not begun:", "未開始:"),
}


def _lists(found: Sequence[Result], language: Language) -> Iterator[str]:
    list_up = listed_in_japanese if language == "ja" else listed
    for fate, title in _TITLES.items():
        lines = [_line(one, language) for one in found if one.fate is fate]
        if lines:
            yield f"{in_language(title, language)}\n{list_up(lines, _LISTED)}"


def _line(one: Result, language: Language) -> str:
    state, error = in_language(one.state, language), in_language(one.error, language)
    return f"{one.partition} {state}: {shown(error)}" if error else one.partition

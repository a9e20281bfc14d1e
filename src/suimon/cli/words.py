"""What the commands say, in English in the code and in Japanese here.

A text in braces is filled in. What the stack has stored (subjects and messages of incidents, reasons, errors) stays as
it was written, and so does JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suimon.cli.printing import can_show
from suimon.contract.file import LANGUAGES

if TYPE_CHECKING:
    from suimon.contract.file import Language

lang_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    envvar="SUIMON_LANG",
    show_envvar=True,
    default="en",
    show_default=True,
    help="The language of what is said; what is stored stays as it was written. Refusals and errors are English.",
)


def readable(chosen: Language) -> Language:
    """Return the language, or English where the console cannot show it."""
    return chosen if chosen == "en" or can_show(JAPANESE["date"]) else "en"


def say(english: str, language: Language, **values: object) -> str:
    """Return a text in a language with its values filled in; KeyError for one that has no Japanese."""
    return (english if language == "en" else JAPANESE[english]).format(**values)


def named(name: str, language: Language) -> str:
    """Return a name in a language; as it is if there is no Japanese of it, as of what a later release has."""
    return say(name, language) if name in JAPANESE else name


JAPANESE = {
    # status
    "Nothing needs anybody: no incident is open, nothing is held, every file that is due is there.": (
        "対応が必要なものはありません: 未解決のインシデント、保留、未着のファイルはありません。"
    ),
    "Open incidents: {count:,}": "未解決のインシデント: {count:,} 件",
    "{dataset} is held by {who} until {until}: {reason}": "{dataset} は {who} が {until} まで保留中: {reason}",
    "somebody releases it": "解除されるとき",
    "{dataset} {partition} is {state}{later}, due {due} {zone}": (
        "{dataset} {partition}: {state}{later}、期限 {due} {zone}"
    ),
    "{dataset} {first} to {partition}: {count:,} files {state}{later}, the last due {due} {zone}": (
        "{dataset} {first} から {partition} まで {count:,} 件: {state}{later}、最後の期限 {due} {zone}"
    ),
    "and {count:,} more: suimon status --json{stack} lists them all": (
        "ほか {count:,} 件: suimon status --json{stack} で一覧できます"
    ),
    "Closed by a person though the cause may be there: {count:,} (suimon incidents --all{stack})": (
        "原因が残っている可能性があるまま閉じられたもの: {count:,} 件 (suimon incidents --all{stack})"
    ),
    "Warning: {text}": "警告: {text}",
    # incidents
    "Nothing is open.": "未解決のインシデントはありません。",
    "ERROR": "エラー",
    "WARNING": "警告",
    "suspected": "様子見",
    "open": "未解決",
    "acknowledged": "対応中",
    "snoozed": "通知休止中",
    "closed": "クローズ済み",
    "recovered": "解消",
    "{standing} since {since}": "{standing}（{since} から）",
    "{standing} until {until} since {since}": "{standing}（{since} から、{until} まで通知休止）",
    ", muted by {id}": "、{id} により抑制中",
    ", nobody has been told yet": "、未通知",
    "and {count:,} more: suimon incidents --all{stack}": "ほか {count:,} 件: suimon incidents --all{stack}",
    "and {count:,} more like it: {command}": "同様のものがほか {count:,} 件: {command}",
    "incident": "インシデント",
    "severity": "深刻度",
    "told": "通知",
    "muted by": "抑制元",
    "over when": "解消の条件",
    "by {who}, {at}: {reason}": "{who}、{at}: {reason}",
    "nobody yet": "未通知",
    "{how}, the last time at {at}": "{how}、最後は {at}",
    "by a message of its own": "単独の通知",
    "in a message together with others": "他とまとめた通知",
    "by a message of its own; what is new follows": "単独の通知（続報は保留中）",
    "not yet: with the next round": "未通知（次の巡回で通知）",
    "not yet: another incident explains it": "未通知（別のインシデントが原因）",
    # ack, snooze, close
    " until {until}": "（{until} まで）",
    "drop {drop} is {state}": "ドロップ {drop}: {state}",
    # expect
    "no file is due": "期限のあるファイルはありません",
    "; that it was missing is over": "（未着は解消しました）",
    # hold, release
    "{dataset} is held since {since}, until {until}": "{dataset} は保留中です（開始 {since}、終了 {until}）",
    "it is released": "解除されるとき",
    "What waits: {command}": "待っているもの: {command}",
    "To end it:": "解除するには:",
    "{dataset} is held no longer; files on their way now: {sent:,}": (
        "{dataset} の保留を解除しました。処理を始めたファイル: {sent:,} 件"
    ),
    # put
    "sent to {where}": "送信しました: {where}",
    # retract
    "drop {drop} ({rows:,} rows) is loaded again into {day}": (
        "{day} にドロップ {drop}（{rows:,} 行）を取り込み直します"
    ),
    "{day} is emptied, for nothing was loaded there before": "以前に取り込んだものがないため、{day} を空にします",
    "drop {drop} is {state}: its run never starts": "ドロップ {drop} は {state}: DAG 実行は始まりません",
    "drop {drop} is {state}: when its run has ended, {before}": (
        "ドロップ {drop} は {state}: DAG 実行が終わると、{before}"
    ),
    "drop {drop} is {state} for its retraction: {before}": "ドロップ {drop} は取り消しのため {state}: {before}",
    # reconcile
    "A round of the sweep …": "巡回中…",
    "{count:,} checked{where} …": "{count:,} 件を確認{where}…",
    ", at {key}": "、現在 {key}",
    "checked": "確認",
    "detected": "検出",
    "repaired": "修復",
    "reported": "通知",
    "unexplained": "原因不明",
    "{kind}: and {count:,} more": "{kind}: ほか {count:,} 件",
    "not checked: {part} ({reason})": "確認できなかったもの: {part}（{reason}）",
    "unexplained: {count:,}": "原因不明: {count:,}",
    "lost event": "失われたイベント",
    "stuck drop": "止まったドロップ",
    "silent run": "応答のない DAG 実行",
    "dead letter": "デッドレター",
    "unmatched drop": "契約のないドロップ",
    "held incident": "まとめた通知",
    "reminder": "再通知",
    "stale incident": "解消したインシデント",
    "hold": "保留",
    # replay, retry
    "partition": "パーティション",
    "waiting": "未開始",
    "overtaken": "新しい試行あり",
    "unknown": "不明",
    "a newer file has come in its place": "新しいファイルが届いています",
    "{partition} nothing to do: {why}": "{partition} 処理不要: {why}",
    "{partition} still running: {state}": "{partition} 実行中: {state}",
    "Not begun: {partitions}.": "未開始: {partitions}。",
    " and {count:,} more": " ほか {count:,} 件",
    "{told}.": "{told}。",
    "{told}, of {count:,}.": "全 {count:,} 件のうち、{told}。",
    "Nothing to replay: no partition of the range has a drop that may run again.": (
        "再実行するものはありません: この範囲に、もう一度実行できるドロップはありません。"
    ),
    "Then, when the cause is mended: {command}": "原因を取り除いたあと: {command}",
    "{partition} attempt {attempt} of {drop}: {reason}": "{partition} ドロップ {drop} の {attempt} 回目: {reason}",
    "{days} left out: {reason}": "{days} 対象外: {reason}",
    "{count:,} more left out: not asked for.": "ほか {count:,} 件は指定に当てはまらないため対象外。",
    "{dataset}: {count:,} would run, {at_once} at once; each runs {dag}, which replaces its partition in {table}.": (
        "{dataset}: {count:,} 件を実行（同時に {at_once} 件）。{dag} が {table} のパーティションを置き換えます。"
    ),
    "No more are begun once more than {count:,} have failed.": "失敗が {count:,} 件を超えたら、残りは開始しません。",
    "{dataset}: nothing to replay.": "{dataset}: 再実行するものはありません。",
    "{dataset} has never been replayed.": "{dataset} の再実行はまだありません。",
    "{began} {first} to {last}, {count:,} planned": "{began} {first}～{last}、予定 {count:,} 件",
    "no reason given": "理由なし",
    "runs": "実行中",
    "has no summary ({status}); one is made by: {command}": "集計がありません（{status}）。集計するには: {command}",
    "finished": "完了",
    "stopped": "停止",
    "too many failed": "失敗が許容数を超過",
    "forgotten": "記録なし",
    "Stopped: {told}. What has begun runs to its end by itself.": (
        "停止しました: {told}。開始済みの実行はそのまま最後まで進みます。"
    ),
    "It had ended by itself ({end}): {told}.": "すでに終わっていました（{end}）: {told}。",
    "Not followed any more; the replay still runs. To look at it, or to stop it:": (
        "表示を終えました。再実行は続いています。確認または停止するには:"
    ),
    "Attempts that have begun run to their end.": "開始済みの実行は最後まで進みます。",
    "Replay {execution}": "再実行 {execution}",
    "Replay these {count}?": "この {count} 件を再実行しますか?",
    "Replay all of these?": "すべて再実行しますか?",
    "Nothing was started. To execute exactly this plan:": "何も開始していません。この計画をそのまま実行するには:",
    "Nothing was started.": "何も開始していません。",
    "{dataset} {first} to {last} left out: {why}": "{dataset} {first}～{last} 対象外: {why}",
    "Nothing was started: nothing else has failed.": "何も開始していません。ほかに失敗したものはありません。",
    "Nothing has failed.": "失敗したものはありません。",
    # forecast
    "No file is due in these days.": "この期間に期限のあるファイルはありません。",
    "hour": "時",
    "week": "週",
    "month": "月",
    "not yet due": "期限前",
    "late": "遅延",
    "missing": "未着",
    "arrived and rejected": "到着、不合格",
    "arrived and not loaded": "到着、取り込み失敗",
    "held": "保留中",
    "loading": "処理中",
    "loaded": "取り込み済み",
    "loaded late": "遅れて取り込み済み",
    "waived": "送付なし",
    "loaded, a later file is not": "取り込み済み（後のファイルは未反映）",
    "no file": "予定なし",
    "{dataset}: deadlines in {zone}": "{dataset}: 期限は {zone}",
    "due {due}": "期限 {due}",
    ", but a later file is {state}": "（ただし後のファイルは {state}）",
    # explain
    "{whose} is {state}: {meaning}.": "{whose} は {state}: {meaning}。",
    "A file without a contract": "契約のないファイル",
    "entered, not looked at": "受付済み、未検査",
    "being checked under a lease": "検査中",
    "keeps its contract; the checked bytes lie in the lake": "合格。検査したバイト列はレイクにあります",
    "breaks its contract; people have been told": "不合格。通知済み",
    "Airflow has its run": "Airflow が DAG 実行を受け付けました",
    "its rows are in the table": "行はテーブルに入っています",
    "its run has failed; people have been told": "DAG 実行が失敗しました。通知済み",
    "was deleted before it could be checked; people have been told": "検査の前に削除されました。通知済み",
    "a later write counts instead": "後の書き込みが有効です",
    "another write of the same bytes counts": "同じ内容の別の書き込みが有効です",
    "a person has ended it, and said why": "人が理由を付けて終了しました",
    "a person has taken it back; its partition holds what was loaded before": (
        "人が取り消しました。パーティションには以前の内容があります"
    ),
    "no contract matches its key": "キーに合う契約がありません",
    "drop": "ドロップ",
    "file": "ファイル",
    "version": "バージョン",
    "size": "サイズ",
    "{size:,} bytes": "{size:,} バイト",
    "dataset": "データセット",
    "state": "状態",
    "{state} since {since}, attempt {attempt}": "{state}（{since} から）、{attempt} 回目",
    "judged by": "検査した契約",
    "rejected": "不合格の理由",
    "report": "レポート",
    "rows": "行数",
    "run": "DAG 実行",
    "duplicate of": "重複元",
    "superseded by": "置き換えた書き込み",
    "set": "セット",
    "waits for the others": "他のシャードを待っています",
    "members": "構成ファイル",
    "accepted copy": "合格した写し",
    "replay": "リプレイ",
    "last failure": "最後の失敗",
    "retracted": "取り消し",
    "at": "時刻",
    "for": "所要",
    "attempt": "回",
    "by": "実行者",
    "First bad cells": "最初の不正なセル",
    "line": "行",
    "column": "列",
    "what is wrong": "内容",
    "value": "値",
    "Other writes of it, newest first:": "ほかの書き込み（新しい順）:",
    "Incidents that concern it:": "関係するインシデント:",
    "Its incidents could not be asked for: {why}": "インシデントを確認できませんでした: {why}",
    "Next: {text}": "次: {text}",
    "The gate checks it next, in seconds; what waits longer, the sweep sends there again.": (
        "数秒で検査されます。それより長く待つものは巡回が再送します。"
    ),
    "It is being checked. Should that function crash, another takes the check over in a while.": (
        "検査中です。関数が落ちても、しばらくすると別の関数が引き継ぎます。"
    ),
    "Airflow has not taken its run yet; the gate asks again until it does.": (
        "Airflow がまだ DAG 実行を受け付けていません。受け付けるまで自動で再試行します。"
    ),
    "Airflow runs it, and reports the end of the run.": "Airflow が実行中です。終わると報告されます。",
    "Nothing: its rows are in the table.": "ありません。行はテーブルに入っています。",
    "Mend the cause that its task's log names, then run it again.": (
        "タスクのログにある原因を取り除き、もう一度実行してください。"
    ),
    "Whoever sends it corrects it and sends it again under the same key. If the contract is wrong, deploy a better one "
    "and run it again.": (
        "送信者が訂正し、同じキーで送り直します。契約が誤っている場合は、直した契約をデプロイして再実行してください。"
    ),
    "If the file is needed, it must be sent again under the same key; else nothing.": (
        "必要なファイルなら、同じキーで送り直してもらってください。不要なら何もしなくて構いません。"
    ),
    "Nothing: another write counts, a later one or of a later time in its name.": (
        "ありません。後の書き込み（または名前の時刻が後のもの）が有効です。"
    ),
    "Nothing: the same bytes came in another write.": "ありません。同じ内容が別の書き込みで届いています。",
    "Send it under a key that a contract knows, or deploy a contract that has this key; then it is checked "
    "by itself.": (
        "契約にあるキーで送り直すか、このキーを持つ契約をデプロイしてください。その後は自動で検査されます。"
    ),
    "Nothing: a person took it back, and its partition holds what was loaded before, or nothing.": (
        "ありません。人が取り消し、パーティションには以前の内容があるか、空です。"
    ),
    "Nothing: a person closed it.": "ありません。人が終了しました。",
    "It is retracted: the run that loads what was there before is about to start.": (
        "取り消し中です。以前の内容を取り込む DAG 実行がまもなく始まります。"
    ),
    "It is retracted: when its run has ended, its partition holds what was there before.": (
        "取り消し中です。DAG 実行が終わると、パーティションは以前の内容に戻ります。"
    ),
    "It is retracted, but that run failed: its partition is as it was. Mend the cause, then try again.": (
        "取り消しの DAG 実行が失敗しました。パーティションは元のままです。原因を取り除いて、もう一度試してください。"
    ),
    "Its rows are in the table, but a later write of it is {state} and is not: look at that one.": (
        "行はテーブルに入っていますが、後の書き込みは {state} で、反映されていません。そちらを見てください。"
    ),
    "It waits for the other shards of its set; then one run is opened for all of them.": (
        "セットの他のシャードを待っています。揃うと 1 つの DAG 実行が始まります。"
    ),
    "Its set is whole; what becomes of it is decided there.": "セットは揃いました。結果はセットの側で決まります。",
    "Its dataset is held; its run is started when that ends.": (
        "データセットは保留中です。解除されると DAG 実行が始まります。"
    ),
    "It came outside its window; its run is started at {at}Z, when that opens.": (
        "受付時間外に届きました。{at}Z に受付が始まると DAG 実行が始まります。"
    ),
    "date": "日付",
    # doctor
    "{count} checks, {wrong} to mend.": "{count} 項目中 {wrong} 項目に対応が必要です。",
    "{count} checks, all is well.": "{count} 項目、すべて正常です。",
    "stack outputs": "スタックの出力",
    "clock": "時計",
    "raw bucket": "受付バケット",
    "bucket's events": "バケットのイベント",
    "bucket's versions": "バケットのバージョニング",
    "rule": "ルール",
    "rule's pattern": "ルールのパターン",
    "rule's target": "ルールのターゲット",
    "queue's policy": "キューのポリシー",
    "event source": "イベントソース",
    "dead letters": "デッドレター",
    "topic's policy": "トピックのポリシー",
    "subscriptions": "登録",
    "unsubscribing": "登録の解除",
    "functions": "関数",
    "functions' release": "関数のリリース",
    "Glue job": "Glue ジョブ",
    "Glue job's release": "Glue ジョブのリリース",
    "Airflow": "Airflow の状態",
    "Airflow's version": "Airflow のバージョン",
    "gate's rights": "ゲートの権限",
}

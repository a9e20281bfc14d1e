"""The Japanese of replays."""

REPLAYS = {
    # by another contract
    "{partition} {drop}: could not be checked: {why}": "{partition} {drop}: 検査できませんでした: {why}",
    "{partition} {drop}: was accepted, would be rejected: {key}": (
        "{partition} {drop}: 合格から不合格に変わります: {key}"
    ),
    "{partition} {drop}: was rejected, would be accepted: {key}": (
        "{partition} {drop}: 不合格から合格に変わります: {key}"
    ),
    "{count:,} checked by {contract}: {rejected:,} newly rejected, {accepted:,} newly accepted, {unread:,} unread.": (
        "{contract} で {count:,} 件検査: 新たに不合格 {rejected:,}、新たに合格 {accepted:,}、検査できず {unread:,}。"
    ),
    "Nothing was started. To plan the replay, once it is deployed:": (
        "何も開始していません。デプロイ後に再実行を計画するには:"
    ),
    "line {line}": "{line} 行目",
    "  further faults: {count:,}": "  ほか {count:,} 件の不備",
    # plans, progress, ends
    "partition": "パーティション",
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
}

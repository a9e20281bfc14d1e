"""The Japanese of what is changed."""

CHANGES = {
    # hold, release
    "{dataset} is held since {since}, until {until}": "{dataset} は保留中です（開始 {since}、終了 {until}）",
    "it is released": "解除まで",
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
}

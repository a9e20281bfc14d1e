"""The Japanese of what stands and what is expected."""

STANDING = {
    # status
    "Nothing needs anybody: no incident is open, nothing is held, every file that is due is there.": (
        "対応が必要なものはありません: 未解決のインシデント、保留、未着のファイルはありません。"
    ),
    "Open incidents: {count:,}": "未解決のインシデント: {count:,} 件",
    "{dataset} is held by {who} until {until}: {reason}": "{dataset} は {who} が {until} まで保留中: {reason}",
    "somebody releases it": "解除",
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
    "{standing} until {until}, open since {since}": "{standing}（{until} まで、発生 {since}）",
    "{standing}, open since {since}": "{standing}（発生 {since}）",
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
    "snoozed until {until}": "通知休止中（{until} まで）",
    "acknowledged, and snoozed until {until}": "対応中、通知休止中（{until} まで）",
    "drop {drop} is {state}": "ドロップ {drop}: {state}",
    # expect
    "no file is due": "期限のあるファイルはありません",
    "; that it was missing is over": "（未着は解消しました）",
    # forecast
    "No file is due in these days.": "この期間に期限のあるファイルはありません。",
    "hour": "時",
    "week": "週",
    "month": "月",
    "not yet due": "期限前",
    "late": "遅延",
    "missing": "未着",
    "arrived and rejected": "到着、不合格",
    "arrived and not loaded": "到着、未取り込み",
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
}

"""The Japanese of the life of a file."""

FILES = {
    # drops, tail, report
    "drop id": "ドロップ ID",
    "since": "日時",
    "key": "キー",
    "There is no such drop.": "該当するドロップはありません。",
    "These are the newest {limit:,}; there are more: --limit.": (
        "新しい順に {limit:,} 件まで表示しています。続きは --limit で表示できます。"
    ),
    "{rows:,} rows": "{rows:,} 行",
    "{rows:,} rows, the first {most:,} shown": "{rows:,} 行、最初の {most:,} 行を表示しています",
    "Nothing has happened for {minutes} minutes.": "この {minutes} 分間に動きはありません。",
    "A link to it for whoever sent the file:": "送信者に渡すリンクを作るには:",
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
    "a person has taken it back; its partition is as it was before": (
        "人が取り消しました。パーティションは元に戻っています"
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
    "by {who} since {since}, until {until}: {reason}": "{who}（{since} から {until} まで）: {reason}",
    "its contract": "契約",
    "it came outside its window": "受付時間外に届きました",
    "attempt {attempt}: {reason}": "{attempt} 回目: {reason}",
    ", which has the later time {time} in its name": "（名前の時刻 {time} が後）",
    "{tries:,} tries since {since}, the last at {at}": "{since} から {tries:,} 回試行、最後は {at}",
    "over": "終了",
    "{state}, attempt {attempt}: {times}: {text}": "{state}、{attempt} 回目: {times}: {text}",
    "drop {drop} is loaded again": "ドロップ {drop} を取り込み直します",
    "its partition is emptied": "パーティションを空にします",
    ", as it was accepted": "、合格した写しをそのまま使用",
    "{id}, begun {began} by {who}{how}: {why}": "{id}、{began} 開始、実行者 {who}{how}: {why}",
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
    "Whoever sends it sends it under the key of its right date. If the date is right, deploy a contract that takes it "
    "and run it again.": (
        "送信者が正しい日付のキーで送り直します。日付が正しい場合は、その日付を受け付ける契約をデプロイして再実行してください。"
    ),
    "Whoever sends it sends it again at a time of the day that the contract takes. If that is wrong, deploy a better "
    "one and run it again.": (
        "送信者が契約の受付時間内に送り直します。契約が誤っている場合は、直した契約をデプロイして再実行してください。"
    ),
    "Whoever sends it sends it again with the time at which it was made in its name.": (
        "送信者が作成日時を名前に入れて送り直します。"
    ),
    "A later write of it counts instead, which is {state}: look at that one.": (
        "後の書き込み（{state}）が有効です。そちらを見てください。"
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
    "Nothing: a person took it back, and its partition holds what was loaded before.": (
        "ありません。人が取り消し、パーティションには以前の内容があります。"
    ),
    "Nothing: a person took it back, and its partition is empty until a file comes. Where one is due and none will "
    "come, say so: suimon expect --cancel.": (
        "ありません。人が取り消し、パーティションは次のファイルが届くまで空です。"
        "期限があるのにもう届かない場合は、suimon expect --cancel で登録してください。"
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
}

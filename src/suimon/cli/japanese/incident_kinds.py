"""The Japanese of what ends an incident of each kind, and of why another one explains it."""

_LOADED = "同じ枠で最後に終わった書き込みが取り込まれるか、データセットの契約がなくなったとき"

INCIDENT_KINDS = {
    # over when
    "the last write of its slot that has come to an end is loaded, or no contract knows its dataset": _LOADED,
    "the last write of its slot that has come to an end is loaded, or no contract knows its dataset; else after three "
    "days, for the right one comes under another key": (
        f"{_LOADED}。そうでなければ 3 日後（正しいファイルは別のキーで届くため）"
    ),
    "the last write of its slot that has come to an end is loaded, or no contract knows its dataset; else after three "
    "days, for nobody may need it": f"{_LOADED}。そうでなければ 3 日後（不要な場合があるため）",
    "the last write of its slot that has come to an end is loaded, or no contract knows its dataset; else after three "
    "days": f"{_LOADED}。そうでなければ 3 日後",
    "a later file of its slot is accepted without a flaw; else after three days": (
        "同じ枠の後のファイルが不備なく合格したとき。そうでなければ 3 日後"
    ),
    "a later file of its slot has as much as usual; else after three days": (
        "同じ枠の後のファイルが通常の量で届いたとき。そうでなければ 3 日後"
    ),
    "a contract matches all such files; else a week after the last one": (
        "該当するすべてのファイルに合う契約ができたとき。そうでなければ最後のファイルから 1 週間後"
    ),
    "the file has come, or no contract awaits it": "ファイルが届くか、それを待つ契約がなくなったとき",
    "the set is whole, or no contract awaits it": "セットが揃うか、それを待つ契約がなくなったとき",
    "its newest value is young enough, or no contract asks for it": (
        "最新の値が十分に新しくなるか、それを求める契約がなくなったとき"
    ),
    "its age could be asked, or no contract asks for it": "鮮度を確認できたか、それを求める契約がなくなったとき",
    "Airflow says that it is active": "Airflow が有効と報告したとき",
    "Airflow has the DAG again, or none of its runs waits": "Airflow に DAG が戻るか、待っている実行がなくなったとき",
    "no run of the DAG has waited so long": "これほど長く待つ DAG 実行がなくなったとき",
    "the run has ended, or a replay has started another": "DAG 実行が終わるか、再実行が始まったとき",
    "Airflow answers, or no run is left to ask about": "Airflow が応答するか、確認する DAG 実行がなくなったとき",
    "no file has waited for its run for ten minutes": "DAG 実行を 10 分待っているファイルがなくなったとき",
    "Airflow has taken such a run, or no file waits for one any longer": (
        "Airflow が DAG 実行を受け付けたか、待っているファイルがなくなったとき"
    ),
    "no file of the dataset is left that fails with this error": (
        "このエラーで失敗するデータセットのファイルがなくなったとき"
    ),
    "no file of the dataset has been stuck for an hour": "1 時間止まっているデータセットのファイルがなくなったとき",
    "a contract knows the dataset again, or somebody has closed its drops": (
        "データセットの契約が戻るか、そのドロップを人が終了したとき"
    ),
    "somebody has released it, or its time is over": "人が解除するか、期限が来たとき",
    "somebody has deleted the messages that were kept": "保管されたメッセージを人が削除したとき",
    "that part of the sweep was done": "巡回のその部分が完了したとき",
    "the sweep could repair or explain all that it found": "検出したものをすべて修復または説明できたとき",
    "a round could use all that it read": "読み取ったものをすべて使えたとき",
    # why another one explains it
    "the same Airflow takes no runs": "同じ Airflow が DAG 実行を受け付けていません",
    "the files wait for Airflow to take their runs": "ファイルは Airflow の受け付けを待っています",
    "Airflow does not take the dataset's runs": "Airflow がこのデータセットの DAG 実行を受け付けていません",
    "the same files fail at the gate": "同じファイルがゲートで失敗しています",
    "a DAG that is gone starts none of its runs": "存在しない DAG の実行は始まりません",
    "a DAG that is gone goes on with none of its runs": "存在しない DAG の実行は進みません",
    "a paused DAG starts none of its runs": "一時停止中の DAG の実行は始まりません",
    "a paused DAG goes on with none of its runs": "一時停止中の DAG の実行は進みません",
    "Airflow does not say how its runs are": "Airflow が DAG 実行の状態を返しません",
    "the run has failed": "DAG 実行が失敗しました",
    "no run loads anything": "取り込みを行う DAG 実行がありません",
    "what should have been loaded was not": "取り込まれるはずのものが取り込まれていません",
    "a person lets nothing of the dataset be loaded": "人がこのデータセットの取り込みを保留しています",
    "a person lets no run of the dataset start": "人がこのデータセットの DAG 実行を保留しています",
    "the part of the sweep that would explain it failed": "それを説明するはずの巡回の部分が失敗しました",
}

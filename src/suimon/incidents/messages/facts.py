"""What every message of a kind ends with: what the problem means for the data, and the command to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.wording import Bilingual, in_language
from suimon.incidents.email import OF_STACK
from suimon.incidents.kinds import Kind

if TYPE_CHECKING:
    from suimon.contract.file import Language
    from suimon.incidents.about import About

_LABELS = {
    "effect": Bilingual("Effect", "影響"),
    "since": Bilingual("Since", "発生"),
    "next": Bilingual("Next", "次のコマンド"),
    "runbook": Bilingual("Runbook", "手順書"),
    "owner": Bilingual("Owner", "担当"),
    "stack": Bilingual("Stack", "スタック"),
}


def label(name: str, language: Language) -> str:
    """Return the name of a fact."""
    return in_language(_LABELS[name], language)


_NOT_LOADED = Bilingual(
    "this file is not loaded, the table keeps what it holds; other files go on.",
    "このファイルは取り込まれず、テーブルの内容は変わりません。ほかのファイルには影響しません。",
)
_NO_RUNS_OF_DAG = Bilingual(
    "files of this DAG are checked and kept, and none is loaded.",
    "この DAG のファイルは検査のうえ保管されますが、取り込まれません。",
)
_NO_RUNS = Bilingual(
    "files are checked and kept, and none is loaded until runs start again.",
    "ファイルは検査のうえ保管されますが、DAG 実行が再開するまで取り込まれません。",
)
_UNKNOWN_AGE = Bilingual(
    "nobody knows whether this table is fresh; loads go on.",
    "このテーブルが最新かどうかは不明です。取り込みは続いています。",
)
_WATCH_IS_BLIND = Bilingual(
    "files are still checked and loaded; what gets lost there is not detected meanwhile.",
    "ファイルの検査と取り込みは続いていますが、その間に失われたものは検出されません。",
)

_EFFECTS: dict[Kind, Bilingual] = {
    Kind.REJECTED: _NOT_LOADED,
    Kind.MISDATED: _NOT_LOADED,
    Kind.GONE: _NOT_LOADED,
    Kind.IMPERFECT: Bilingual(
        "the file goes on to its table, without what was set aside.",
        "ファイルは取り込みに進みます。除外したレコードはテーブルに入りません。",
    ),
    Kind.VOLUME: Bilingual(
        "the file goes on to its table as it is: rows may be missing there, or too many.",
        "ファイルはそのまま取り込まれます。テーブルの行が不足または過剰になるおそれがあります。",
    ),
    Kind.UNMATCHED: Bilingual(
        "these files are kept in the raw bucket; nothing checks or loads them.",
        "これらのファイルは受信バケットに残っていますが、検査も取り込みもされません。",
    ),
    Kind.SET_CLOSED: Bilingual(
        "this shard is not loaded; the other shards of its set are not affected.",
        "このシャードは取り込まれません。セットのほかのシャードには影響しません。",
    ),
    Kind.RUN_FAILED: Bilingual(
        "other partitions are not affected; the next file of this one is loaded as usual.",
        "ほかのパーティションには影響しません。このパーティションの次のファイルは通常どおり取り込まれます。",
    ),
    Kind.MISSING_FILE: Bilingual(
        "nothing of this date is loaded; whoever reads the table does not find it.",
        "この日付のデータは取り込まれていません。テーブルを参照する処理はその日の行を得られません。",
    ),
    Kind.INCOMPLETE_SET: Bilingual(
        "the set is not loaded before it is whole; what was loaded before stays.",
        "揃うまでこのセットは取り込まれません。以前に取り込んだ内容はそのまま残ります。",
    ),
    Kind.STALE_TABLE: Bilingual(
        "whoever reads this table works with old or wrong data.",
        "このテーブルを参照する処理は、古いデータまたは誤ったデータを使うことになります。",
    ),
    Kind.UNREADABLE_TABLE: _UNKNOWN_AGE,
    Kind.PAUSED: _NO_RUNS_OF_DAG,
    Kind.DAG_GONE: _NO_RUNS_OF_DAG,
    Kind.QUEUED: Bilingual(
        "files of this DAG are loaded late, and none is lost.",
        "この DAG のファイルの取り込みが遅れています。失われるものはありません。",
    ),
    Kind.HANGING: Bilingual(
        "nobody knows yet whether this file will be loaded; later runs of its DAG may wait behind it.",
        "このファイルが取り込まれるかまだ不明です。同じ DAG の後続の実行が待たされることがあります。",
    ),
    Kind.AIRFLOW_SILENT: Bilingual(
        "what is loaded may not be known as loaded; nothing is lost.",
        "取り込み済みでも台帳に反映されないことがあります。失われるものはありません。",
    ),
    Kind.MWAA_AWAY: _NO_RUNS,
    Kind.MWAA_BUSY: Bilingual(
        "files are loaded late, and none is lost.", "取り込みが遅れています。失われるものはありません。"
    ),
    Kind.MWAA_DENIED: _NO_RUNS,
    Kind.MWAA_MISSING: _NO_RUNS,
    Kind.MWAA_INVALID: _NO_RUNS,
    Kind.UNKNOWN_DAG: _NO_RUNS_OF_DAG,
    Kind.FORBIDDEN_DAG: _NO_RUNS_OF_DAG,
    Kind.LONG_PATH: _NO_RUNS_OF_DAG,
    Kind.REFUSED_CONF: _NOT_LOADED,
    Kind.FOREIGN_RUN: _NOT_LOADED,
    Kind.FAILING: Bilingual(
        "these files are neither accepted nor rejected; other files go on.",
        "これらのファイルは受け入れも拒否もされていません。ほかのファイルには影響しません。",
    ),
    Kind.STUCK: Bilingual(
        "these files are not loaded; other files go on.",
        "これらのファイルは取り込まれていません。ほかのファイルには影響しません。",
    ),
    Kind.HELD: _NO_RUNS_OF_DAG,
    Kind.ORPHANED: Bilingual(
        "these files are accepted and are not loaded.",
        "これらのファイルは受け入れ済みですが、取り込まれません。",
    ),
    Kind.UNDELIVERABLE: Bilingual(
        "if one of them is about a file, that file is not loaded.",
        "ファイルに関するメッセージが含まれていれば、そのファイルは取り込まれていません。",
    ),
    Kind.SWEEP_FAILED: _WATCH_IS_BLIND,
    Kind.UNEXPLAINED: _WATCH_IS_BLIND,
    Kind.UNUSABLE: _WATCH_IS_BLIND,
}

_OF_DROP = f"suimon explain {{drop_id}}{OF_STACK}"
_WAITING_FOR_RUN = f"suimon drops --state accepted{OF_STACK}"
_IN_AIRFLOW = f"suimon drops --state triggered{OF_STACK}"
_RECONCILE = f"suimon reconcile{OF_STACK}"

_COMMANDS: dict[Kind, str] = {
    Kind.REJECTED: _OF_DROP,
    Kind.MISDATED: _OF_DROP,
    Kind.GONE: _OF_DROP,
    Kind.IMPERFECT: _OF_DROP,
    Kind.VOLUME: _OF_DROP,
    Kind.UNMATCHED: f"suimon drops --state unmatched{OF_STACK}",
    Kind.SET_CLOSED: _OF_DROP,
    Kind.RUN_FAILED: f"suimon replay {{dataset}} --from {{partition}} --to {{partition}}{OF_STACK}",
    Kind.MISSING_FILE: f"suimon explain {{dataset}} {{partition}}{OF_STACK}",
    Kind.INCOMPLETE_SET: f"suimon drops --dataset {{dataset}} --partition {{partition}}{OF_STACK}",
    Kind.STALE_TABLE: f"suimon status {{dataset}}{OF_STACK}",
    Kind.PAUSED: _IN_AIRFLOW,
    Kind.DAG_GONE: _IN_AIRFLOW,
    Kind.QUEUED: _IN_AIRFLOW,
    Kind.HANGING: _OF_DROP,
    Kind.AIRFLOW_SILENT: _IN_AIRFLOW,
    Kind.MWAA_AWAY: _WAITING_FOR_RUN,
    Kind.MWAA_BUSY: _WAITING_FOR_RUN,
    Kind.MWAA_DENIED: _WAITING_FOR_RUN,
    Kind.MWAA_MISSING: _WAITING_FOR_RUN,
    Kind.MWAA_INVALID: _WAITING_FOR_RUN,
    Kind.UNKNOWN_DAG: _WAITING_FOR_RUN,
    Kind.FORBIDDEN_DAG: _WAITING_FOR_RUN,
    Kind.LONG_PATH: _WAITING_FOR_RUN,
    Kind.REFUSED_CONF: _OF_DROP,
    Kind.FOREIGN_RUN: _OF_DROP,
    Kind.FAILING: f"suimon drops --state validating{OF_STACK}",
    Kind.STUCK: f"suimon drops --state validating{OF_STACK}",
    Kind.HELD: f"suimon release {{dataset}}{OF_STACK}",
    Kind.ORPHANED: _WAITING_FOR_RUN,
    Kind.SWEEP_FAILED: _RECONCILE,
    Kind.UNEXPLAINED: f"suimon reconcile --full{OF_STACK}",
    Kind.UNUSABLE: _RECONCILE,
}


def effect_of(kind: Kind) -> str:
    """Return what a problem of a kind means for the data."""
    return _EFFECTS.get(kind, "")


def runbook_entry(kind: Kind) -> str:
    """Return where the runbook says what to do about a kind."""
    return f"docs/runbook.md#{kind}"


def command_for(kind: Kind, about: About) -> str:
    """Return the command that shows or ends such a problem; none where a part of it is not known, as of a group."""
    command = _COMMANDS.get(kind, "")
    needed = {name for name in ("drop_id", "dataset", "partition") if f"{{{name}}}" in command}
    if not all(getattr(about, name) for name in needed):
        return ""
    return command.format(drop_id=about.drop_id, dataset=about.dataset, partition=about.partition)

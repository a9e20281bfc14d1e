"""What `suimon doctor` finds of Airflow: its version, the contracts' DAGs, what it refuses to the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.cli.doctor_checks import Finding
from suimon.drops.wording import Bilingual, japanese

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def airflow(found: Mapping[str, Any], release: str) -> Iterator[Finding]:
    """Check what the freshness function has asked Airflow for (mwaa/check_up.py). release: the stack's."""
    version = found["version"]
    known = isinstance(version, str)
    fits = known and version.startswith("3.")
    none = Bilingual("the environment names none", "環境から得られません")
    why = none if known else version.get("error", none)
    text = f"{version}" if known else Bilingual(f"not known: {why}", f"不明: {japanese(why)}")
    upgrade = Bilingual(
        "Suimon's DAGs are for Airflow 3; see that the environment answers, and its version",
        "Suimon の DAG は Airflow 3 用です。環境が応答するか、そのバージョンを確認してください",
    )
    yield Finding("Airflow's version", text, "" if fits else upgrade)
    for dag_id, dag in found["dags"].items():
        yield Finding(f"DAG {dag_id}", *_dag(dag_id, dag, release))
    denied = sorted(set(found["denied"]))
    rights = Bilingual(
        "give the gate the rights of docs/airflow-role.md; the e-mail of that incident says which request failed",
        "docs/airflow-role.md の権限をゲートに与えてください。どの要求が失敗したかはインシデントのメールにあります",
    )
    names = ", ".join(denied)
    fine = Bilingual("no request of the gate is refused", "拒否された要求はありません")
    yield Finding(
        "gate's rights", Bilingual(f"refused: {names}", f"拒否: {names}") if denied else fine, rights if denied else ""
    )


def _dag(dag_id: str, dag: Mapping[str, Any], release: str) -> tuple[str, str]:
    others = dag.get("release") not in (None, release)  # a DAG of one's own may have none
    copy = "copy dags/ into the environment's DAG folder", "dags/ を環境の DAG フォルダーにコピーしてください"
    absent = Bilingual(f"{copy[0]}; {dag_id} is not there", f"{copy[1]}。{dag_id} がありません")
    parsed: tuple[tuple[bool, str, str], ...] = (
        ("error" in dag, str(dag.get("error")), absent),
        (
            bool(dag.get("has_import_errors")),
            Bilingual("does not parse", "読み込めません"),
            Bilingual(
                "see the import errors on Airflow's first page",
                "Airflow の最初のページでインポートエラーを確認してください",
            ),
        ),
        (
            bool(dag.get("is_stale")),
            Bilingual("is stale: its file is gone", "古い状態です: ファイルがありません"),
            Bilingual(*copy),
        ),
        (
            bool(dag.get("is_paused")),
            Bilingual("is paused: runs are taken and never start", "一時停止中: 受け付けた DAG 実行が始まりません"),
            Bilingual("unpause it in Airflow", "Airflow で一時停止を解除してください"),
        ),
        (
            others,
            Bilingual(f"is of release {dag.get('release')}", f"リリース {dag.get('release')} のものです"),
            Bilingual(
                f"copy dags/ of release {release}, the gate's: it is refused",
                f"ゲートと同じリリース {release} の dags/ をコピーしてください: 拒否されます",
            ),
        ),
    )
    fine = Bilingual("is there, parsed, and not paused", "あり、読み込み済み、一時停止していません")
    return next(((text, do) for wrong, text, do in parsed if wrong), (fine, ""))

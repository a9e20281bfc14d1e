"""What `suimon drops` asks of the ledger, and how drops look on a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from suimon.cli.drop_view import as_object, in_its_place, overview
from suimon.cli.drops import wanted_of
from suimon.cli.explain_view import details
from suimon.cli.main import main
from suimon.drops.drop import Accepted, Drop, DropRecord, Lease, Membership, Rejection, Replay, Retraction
from suimon.drops.failure import Failure
from suimon.drops.hold import WINDOW, Hold
from suimon.drops.match import Match
from suimon.drops.replay_record import ReplayRecord
from suimon.drops.states import State
from suimon.ledger.queries import Wanted

if TYPE_CHECKING:
    from rich.console import RenderableType

AT = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
KEY = "sales/2026-11-20/sales_data.csv"
RECORD = DropRecord(
    Drop("raw", KEY, "3L4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY", "e", 1_000, "01"),
    Match("sales", "2026-11-20"),
    State.LOADED,
    2,
    AT,
    AT,
    accepted=Accepted("data.csv", 12_345),
)
RANGE = ("2026-11-20", "2026-11-20", "all", "oldest")
REPLAYED = ReplayRecord("sales", "20261122", "arn:r1", *RANGE, "p", 1, 1, 1, AT)


def drawn(what: RenderableType, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --key"),
        (["--dataset", "sales"], "--dataset with --partition"),
        (["--partition", "2026-11-20"], "--dataset with --partition"),
        (["--key", "sales/x.csv"], "is not written s3://bucket/key"),
        (["--key", "s3://raw/"], "is not written s3://bucket/key"),
        (["--dataset", "sales", "--partition", "20130101"], "'20130101' is not a date written YYYY-MM-DD"),
        (["--dataset", "sales", "--partition", "2026-02-30"], "'2026-02-30' is not a date written YYYY-MM-DD"),
        (["--state", "LOST"], "'LOST' is not one of"),
    ],
)
def test_what_cannot_be_looked_up_is_refused_before_aws_is_asked(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["drops", *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_a_key_is_taken_as_it_stands_with_slashes_and_blanks() -> None:
    assert wanted_of("", "", "s3://raw/a b//s3://c", None) == Wanted(of_key=("raw", "a b//s3://c"))


def test_a_drop_is_one_line_of_a_list_however_long_its_key_is() -> None:
    long = replace(RECORD, drop=replace(RECORD.drop, key=f"sales/{'x' * 500}.csv"))
    _, *lines = [line.plain for line in overview([RECORD, long], {})]
    assert [line.split() for line in lines] == [
        [one.id, "2026-11-22", "12:00:00Z", "LOADED", "2", "12,345", one.drop.key] for one in (RECORD, long)
    ]


def test_a_rejected_drop_says_why_and_where_its_report_is() -> None:
    why = Rejection(2, "3 faults in 2 records.", ("type-error", "extra-cell"), "s3://reports/report.html")
    record = replace(RECORD, rejection=why)
    text = drawn(details(record, ""), 120)
    assert "attempt 2: 3 faults in 2 records. (type-error, extra-cell)" in text
    assert "s3://reports/report.html" in text
    assert as_object(record)["rejection"] == {
        "attempt": 2,
        "reason": "3 faults in 2 records.",
        "codes": ("type-error", "extra-cell"),
        "report": "s3://reports/report.html",
    }
    assert as_object(RECORD)["rejection"] is None


def test_keys_are_neither_markup_nor_commands_to_the_terminal() -> None:
    odd = replace(RECORD, drop=replace(RECORD.drop, key="[red]\x1b[2J\nx[/red]"))
    for text in ("\n".join(map(str, overview([odd], {}))), drawn(details(odd, ""), 120)):
        assert r"[red]\x1b[2J\nx[/red]" in text


def test_a_duplicate_names_what_it_repeats_and_a_shard_its_set() -> None:
    lines = drawn(details(replace(RECORD, duplicate_of="d0", membership=Membership("s0")), "")).splitlines()
    assert {"duplicate of d0", "set s0"} <= {" ".join(line.split()) for line in lines}
    assert "waits for the others" in drawn(details(replace(RECORD, membership=Membership()), ""))


def test_the_version_that_judged_a_file_is_named() -> None:
    judged = replace(RECORD, contract_version="1.4.0")
    assert f"judged by {RECORD.dataset} 1.4.0" in " ".join(drawn(details(judged, "")).split())
    assert as_object(judged)["contract_version"] == "1.4.0"
    assert "judged by" not in drawn(details(RECORD, ""))


def test_all_that_there_may_be_to_say_of_a_drop_is_said_in_japanese() -> None:
    full = replace(
        RECORD,
        rejection=Rejection(2, "3 faults.", ("type-error",)),
        failure=Failure(State.ACCEPTED, 2, AT, AT, 3, "Timeout", "no answer"),
        retraction=Retraction("ann: wrong", 3, "1", "d7"),
        superseded_by="d9",
        replay=Replay("arn:r1", "secret", as_accepted=True),
    )
    later = replace(
        RECORD, drop=replace(RECORD.drop, key="x.csv"), match=Match("sales", "2026-11-20", stamp="20261120T1200")
    )
    stored = {
        "3 faults.",
        "type-error",
        "no answer",
        "ann: wrong",
        "moved",
        "ann",
        "sales",
        "LOADED",
        "ACCEPTED",
        "raw",
    }
    for record in (
        full,
        replace(
            full,
            failure=Failure(State.ACCEPTED, 2, AT, AT, 0, "", "no answer"),
            retraction=Retraction("ann: wrong", 3, "1"),
        ),
    ):
        for hold in (
            Hold(dataset="sales", reason="moved", who="ann", since=AT),
            Hold(dataset="sales", reason="", who=WINDOW, since=AT, until=AT),
        ):
            text = drawn(details(record, "", hold, REPLAYED, in_its_place(record, later, "ja"), "ja"), 400)
            for one in sorted(stored, key=len, reverse=True):
                text = text.replace(one, "")
            left = re.findall(r"[A-Za-z]{3,}", re.sub(r"\S+://\S+|\S+\.csv|3L4\S+|UTC|DAG", "", text))
            assert left == [], text


def test_a_list_in_japanese_has_its_columns_in_their_places() -> None:
    heading, line = (one.plain for one in overview([RECORD], {}, "ja"))
    places = [cell_len(heading[: heading.index(name)]) for name in ("日時", "状態", "キー")]
    assert places == [line.index(cell) for cell in ("2026-11-22", "LOADED", KEY)]


def test_what_a_drop_does_not_have_is_left_out() -> None:
    names = [line.split()[0] for line in drawn(details(replace(RECORD, accepted=None), "")).splitlines()]
    assert names == ["drop", "file", "version", "size", "dataset", "state"]


def test_the_token_that_answers_a_replay_is_shown_to_nobody() -> None:
    record = replace(RECORD, replay=Replay("execution", "secret"), lease=Lease("secret", AT))
    assert "secret" not in str(as_object(record))

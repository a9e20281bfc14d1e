"""A proposal goes into a repository: it shows no personal value of its sample, and nothing in it deceives a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from suimon.dataset.proposal.propose import propose
from suimon.dataset.proposal.sample import SampleError
from tests.security import test_personal_data
from tests.security.test_personal_data import MARKERS, Broken, kinds, rows_of, shapes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ["order_id", "order_date", "customer_name", "kind", "quantity", "price"]
NAME = "orders-2026-11-20.csv"
ROWS = "".join(f"{number},x\n" for number in range(30))
# Samples and names of files that would leave the place where they are written, or look other than they are.
ODD = {
    "turned direction": "id,a\u202eb\u2066\n" + ROWS.replace("x", "x\u202e"),
    "invisible": "id,a\u200bb\ufeffc\n" + ROWS.replace("x", "x\u200b"),
    "line breaks that are none": "id,a\x85b\u2028\n" + ROWS.replace("x", "x\x85\u2028"),
    "carriage return": 'id,"a\rb"\n' + ROWS.replace("x", '"x\ry"'),
    "tags": "id,\U000e0041\n" + ROWS.replace("x", "\U000e0041"),
    "clauses in a label": 'id,"a\nkeyPattern: evil\n- b"\n' + ROWS,
    "a tag of YAML": "id,!!python/object/apply:os.system\n" + ROWS.replace("x", "!!binary x"),
    "a comment": "id,a # DECIDE: x\n" + ROWS.replace("x", "# DECIDE: y"),
    "SQL": 'id,"a""); DROP TABLE x; --"\n' + ROWS,
    "templates": "id,{{ x }}\n" + ROWS.replace("x", "{% raw %}"),
    "quotes in quotes": '"id","a""b"\n' + ROWS.replace("x", '"x""y"'),
    "quotes alone": '"",""\n' + ROWS.replace("x", '""'),
    "quotes that are none": "id,size\n" + ROWS.replace("x", '5" pipe'),
    "backslashes": "id,a\n" + ROWS.replace("x", '"x\\"y"'),
}
HOSTILE_NAMES = ("a\x1b[31m", "a\n# x: y", "a\u202e", "a\u2028b", "a'b$(x)", "{ds}{shard}")


def proposed(folder: Path, data: bytes, name: str = NAME) -> dict[str, str]:
    path = folder / name
    path.write_bytes(data)
    try:
        return dict(propose("orders", (path,), UUID(int=1)).files)
    except SampleError as error:
        return {"error": str(error)}


@pytest.fixture
def leaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[Broken]], list[str]]:
    """Propose datasets from files; return the names of those whose personal value came out somewhere."""
    monkeypatch.setattr(test_personal_data, "NAMES", NAMES)

    def run(marker: str, files: list[Broken]) -> list[str]:
        # The header is believed: what stands there is a label, and labels are what a contract is about.
        believed = [one for one in files if "a label" not in one.name]
        return [one.name for one in believed if marker in "".join(proposed(tmp_path, one.data).values())]

    return run


def test_no_fault_of_a_sample_has_a_personal_value_proposed(leaks: Callable[[str, list[Broken]], list[str]]) -> None:
    rows = rows_of("Marker Person", 60)
    assert leaks("Marker Person", [*shapes(rows, "Marker Person")][::4]) == []


@pytest.mark.long
@pytest.mark.parametrize("count", [12, 100])
@pytest.mark.parametrize("marker", MARKERS)
def test_nor_has_any_form_of_value_in_any_file(
    marker: str, count: int, leaks: Callable[[str, list[Broken]], list[str]]
) -> None:
    assert leaks(marker, kinds(marker, count)) == []


def test_an_address_that_stands_as_a_label_is_no_label(tmp_path: Path) -> None:
    data = "order_id,mrk@secret.example,customer_name\n" + "".join(f"{n},x,Anna\n" for n in range(30))
    files = proposed(tmp_path, data.encode())
    assert "golden/2026-11-20.csv" in files
    assert "mrk@secret.example" not in "".join(files.values())


def test_a_value_that_several_records_have_is_shown(tmp_path: Path) -> None:
    """What shows nothing hides everything."""
    data = ",".join(NAMES) + "\n" + "".join(f"ORD-{n},2026-11-20,Anna {n},click,3,1.50\n" for n in range(30))
    files = proposed(tmp_path, data.encode())
    assert "validValues: [click]" in files["contract.odcs.yaml"]
    assert files["golden/2026-11-20.csv"].splitlines()[1] == "x1,2026-11-20,x1,click,3,1.50"


@pytest.mark.parametrize("sample", ODD)
def test_what_is_proposed_prints_as_it_is(sample: str, tmp_path: Path) -> None:
    files = proposed(tmp_path, ODD[sample].encode())
    for name, text in files.items():
        if not name.endswith(".csv"):  # its header is the sample's
            assert {char for char in text if not char.isprintable()} <= {"\n"}, name
    assert files.keys() > {"contract.odcs.yaml"}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_nor_does_a_file_s_name_leave_its_comment(name: str, tmp_path: Path) -> None:
    files = proposed(tmp_path, f"id,a\n{ROWS}".encode(), f"{name}-2026-11-20.csv")
    like = proposed(tmp_path, f"id,a\n{ROWS}".encode(), "a-2026-11-20.csv")
    assert {char for char in "".join(files.values()) if not char.isprintable()} == {"\n"}
    assert [len(text.splitlines()) for text in files.values()] == [len(text.splitlines()) for text in like.values()]

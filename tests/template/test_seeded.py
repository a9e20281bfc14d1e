"""The checks of `make check` notice what a hurried colleague could break in the template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from local.template_check.__main__ import main
from local.template_check.promises import EVENTS
from tests.template.seeded import ALL, ROOT, noticed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.template.defects import Defect

pytestmark = pytest.mark.process


def test_the_template_as_it_is_passes() -> None:
    assert main([str(ROOT / "template.yaml")]) == 0


def test_every_defect_finds_what_it_changes() -> None:
    texts = {defect.file: (ROOT / defect.file).read_text(encoding="utf-8") for defect in ALL}
    for defect in ALL:
        assert defect.seeded(texts[defect.file]) != texts[defect.file], defect.name


@pytest.mark.parametrize("defect", ALL, ids=lambda defect: defect.name)
def test_a_seeded_defect_is_noticed(defect: Defect, tmp_path: Path) -> None:
    assert noticed(defect, tmp_path)


def test_rules_may_hear_what_dags_send() -> None:
    text = (ROOT / "dags" / "suimon_etl" / "report.py").read_text(encoding="utf-8")
    named = dict(re.findall(r'^(SOURCE|DETAIL_TYPE) = "(.+)"$', text, re.MULTILINE))
    assert (named["SOURCE"], named["DETAIL_TYPE"]) in EVENTS

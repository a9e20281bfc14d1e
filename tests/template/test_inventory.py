"""The page of what the stacks are shows whatever changes in them; `make check` hears of a page that is not theirs."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from local import inventory
from local.inventory import PROSE, ROOT, of_template, transformed
from local.template_check.reading import template_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.process
GONE = object()


@pytest.fixture(scope="module", params=["template.yaml", "environment.yaml"])
def template(request: pytest.FixtureRequest) -> dict[str, Any]:
    path = ROOT / str(request.param)
    return transformed(path) if path.name == "template.yaml" else template_of(path)


def changes(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every part of a value that can be missing, and every leaf as something else."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if key in PROSE and isinstance(inner, str):
            continue
        yield (*way, key), GONE
        if isinstance(inner, dict | list):
            yield from changes(inner, (*way, key))
        else:
            other = not inner if isinstance(inner, bool) else inner + 1 if isinstance(inner, int) else f"{inner}x"
            yield (*way, key), other
            if isinstance(inner, bool | int):
                yield (*way, key), str(inner)


def changed(whole: Any, way: tuple[Any, ...], value: Any) -> Any:
    """Return `whole` with one part of it changed; what is not on the way there is shared."""
    step, *rest = way
    new = copy.copy(whole)
    if rest:
        new[step] = changed(whole[step], tuple(rest), value)
    elif value is GONE:
        del new[step]
    else:
        new[step] = value
    return new


def test_every_change_of_a_resource_shows(template: dict[str, Any]) -> None:
    for resource in template["Resources"].values():
        said = lines(resource)
        for way, value in changes(resource):
            if way != ("Type",) and "DefinitionString" not in way:  # which is JSON: see below
                assert lines(changed(resource, way, value)) != said, (way, value)


def lines(resource: Any) -> list[str]:
    return list(of_template("", {"Resources": {"One": resource}}))


def test_what_most_of_a_type_share_hides_no_change_of_one(template: dict[str, Any]) -> None:
    alike = {name: one for name, one in template["Resources"].items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    said = list(of_template("", {"Resources": alike}))
    for name in list(alike)[::7]:
        for key in alike[name]["Properties"]:
            for value in (GONE, "other"):
                new = changed(alike, (name, "Properties", key), value)
                assert list(of_template("", {"Resources": new})) != said, (name, key, value)


def test_every_change_of_the_machine_shows() -> None:
    definition = json.loads((ROOT / "statemachine" / "replay.asl.json").read_text(encoding="utf-8"))
    said = text(definition)
    for way, value in changes(definition):
        assert text(changed(definition, way, value)) != said, (way, value)


def text(definition: Any) -> str:
    return inventory.text({"Fn::Join": ["\n", [json.dumps(definition)]]})


def test_every_change_of_what_is_chosen_and_given_shows(template: dict[str, Any]) -> None:
    for part in template.keys() - {"Resources", "Description"}:
        for name, one in template[part].items() if isinstance(template[part], dict) else ():
            said = inventory.text(one)
            for way, value in changes(one):
                assert inventory.text(changed(one, way, value)) != said, (part, name, way, value)


def test_a_text_that_is_cut_shows_that_it_is_another() -> None:
    assert inventory.text("a" * 500 + "b") != inventory.text("a" * 500 + "c")


def test_the_page_is_what_the_templates_say() -> None:
    assert inventory.main([]) == 0, "read the difference above, then `make inventory`"


def test_a_page_of_something_else_is_heard_with_the_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = inventory.PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(inventory, "page", lambda: said.replace("VisibilityTimeout: 5400", "VisibilityTimeout: 60"))
    assert inventory.main([]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if line.startswith("-IntakeQueue:") and "VisibilityTimeout: 5400" in line]
    assert [line for line in told if line.startswith("+IntakeQueue:") and "VisibilityTimeout: 60," in line]

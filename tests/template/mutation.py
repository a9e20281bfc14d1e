"""Mutants of the template, none of them chosen by a person: `python -m tests.template.mutation [--mutants N] [--write]`.

Tells how many the rules notice by themselves (the rights that tests/security decides and, asked for, cfn-lint among them), how many
show in docs/operations/inventory.md, and which the rules let through.
"""

# ruff: noqa: E501 rows of tables

from __future__ import annotations

import argparse
import copy
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.inventory import PROSE, of_template
from local.template_check.promises import broken
from local.template_check.properties import complaints
from local.template_check.reading import template_of
from tests.security.policies import allowed_by
from tests.security.test_rights import MAY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "template-mutation.md"
MACHINE: Final = "statemachine/replay.asl.json"
FILES: Final = ("template.yaml", "environment.yaml", MACHINE)
# What people read, pictures, and names of rows: no setting.
UNREAD: Final = {
    *PROSE,
    "AlarmDescription",
    "DisplayName",
    "DashboardBody",
    "Tags",
    "Metadata",
    "Sid",
    "Id",
    "Label",
    "Cause",
}
LINTED: Final = 10  # templates a call of cfn-lint
Node = Any


@dataclass(frozen=True)
class Mutant:
    """One change: which file, what was done, where, and the file's content after it."""

    file: str
    operator: str
    where: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """Where it is and what was done there, on one line."""
        return f"{self.operator}: {self.where}"


def mutants() -> Iterator[Mutant]:
    """Yield every mutant there is, of both templates and the state machine."""
    for file in FILES:
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if file == MACHINE else json.dumps(template_of(path))
        whole = json.loads(text)  # what an anchor shares is several things from here on
        for way, node in _nodes(whole):
            for operator, value in _changes(whole, way, node):
                yield Mutant(file, operator, "/".join(map(str, way)), _changed(whole, way, value))


def _changed(whole: Node, way: tuple[Any, ...], value: Node) -> Any:
    """Return `whole` with one part of it changed; what is not on the way there is shared."""
    step, *rest = way
    new = copy.copy(whole)
    if rest:
        new[step] = _changed(whole[step], tuple(rest), value)
    elif value is _GONE:
        del new[step]
    else:
        new[step] = value
    return new


_GONE: Final = object()


def _nodes(value: Node, way: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Node]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key in UNREAD or key in {"AWSTemplateFormatVersion", "Version", "Type", "Transform"}:
            continue
        yield (*way, key), inner
        if not (isinstance(inner, dict) and len(inner) == 1 and str(next(iter(inner))).startswith(("Ref", "Fn::"))):
            yield from _nodes(inner, (*way, key))


def _changes(whole: Node, way: tuple[Any, ...], node: Node) -> Iterator[tuple[str, Any]]:  # noqa: C901 one for each kind
    """Yield what a hurried hand may do to one value."""
    key = next((step for step in reversed(way) if isinstance(step, str)), "")
    if len(way) > 2:  # below a section's own names
        what = {"Condition": "condition", "DependsOn": "DependsOn"}.get(
            key, "item" if isinstance(way[-1], int) else "property"
        )
        what = "statement" if isinstance(node, dict) and "Effect" in node else what
        yield f"drop a {what}" if "EventPattern" not in way else "drop a part of a pattern", _GONE
    match node:
        case bool():
            yield "flip a switch", not node
        case int() | float():
            yield "a number ten times", node * 10 or 10
            yield "a tenth of a number", node // 10
        case {"Ref": str(name)} if other := _another(whole, name):
            yield "another name", {"Ref": other}
        case {"Fn::GetAtt": [name, *rest]} if other := _another(whole, name):
            yield "another name", {"Fn::GetAtt": [other, *rest]}
        case {"Fn::If": [condition, yes, no]}:
            yield "turn a condition", {"Fn::If": [condition, no, yes]}
        case "Allow":
            yield "deny", "Deny"
        case "Deny":
            yield "allow", "Allow"
        case str() if others := sorted(_said(whole, way[-1]) - {node}):
            yield "another word", others[0]
    if key == "Resource":
        yield "a wider resource", _wider(node)
    if key == "Action" and isinstance(node, str) and ":" in node:
        yield "a wider action", node.partition(":")[0] + ":*"


def _another(whole: Node, name: str) -> str:
    """The next of the same kind: a resource of the type, a parameter of the type."""
    for part in ("Resources", "Parameters"):
        named = whole.get(part, {})
        if name in named:
            same = [other for other in named if named[other]["Type"] == named[name]["Type"]]
            return str(same[(same.index(name) + 1) % len(same)]) if len(same) > 1 else ""
    return ""


def _said(value: Node, key: Any) -> set[str]:
    """Every word that stands under the same key anywhere: Sum and Maximum, breaching and notBreaching."""
    found: set[str] = set()
    items = value.items() if isinstance(value, dict) else ((key, one) for one in value if not isinstance(one, str))
    for name, inner in items:
        if name == key and isinstance(inner, str) and not isinstance(key, int):
            found.add(inner)
        if isinstance(inner, dict | list):
            found |= _said(inner, key)
    return found


def _wider(node: Node) -> Any:
    match node:
        case {"Fn::Sub": str(said)}:
            return {"Fn::Sub": said[: max(said.rfind("/"), said.rfind(":"), said.rfind("}"), 0) + 1] + "*"}
        case {"Fn::GetAtt": [name, *_]}:
            return {"Fn::Sub": f"${{{name}.Arn}}*"}
    return "*"


def survivors(drawn: list[Mutant], folder: Path) -> list[Mutant]:
    """Return those of which neither the rules nor the rights say anything."""
    left = [mutant for mutant in drawn if not _of_rules(mutant, folder)]
    return [mutant for mutant in left if not _of_rights(mutant)]


def not_linted(left: list[Mutant], folder: Path) -> list[Mutant]:
    """Return those of which cfn-lint says nothing."""
    kept = []
    for start in range(0, len(left), LINTED):
        some = left[start : start + LINTED]
        paths = [_write(mutant, folder / f"{number}.json") for number, mutant in enumerate(some)]
        linted = subprocess.run(
            [
                Path(sys.executable).with_name("cfn-lint"),
                "--include-checks",
                "I",
                "--format",
                "json",
                "--template",
                *paths,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        wrong = {one["Filename"] for one in json.loads(linted.stdout or "[]")}
        kept += [mutant for mutant, path in zip(some, paths, strict=True) if str(path) not in wrong]
    return kept


def _of_rules(mutant: Mutant, folder: Path) -> str:
    machine = folder / MACHINE
    machine.parent.mkdir(exist_ok=True)
    original = (ROOT / MACHINE).read_text(encoding="utf-8")
    machine.write_text(json.dumps(mutant.content) if mutant.file == MACHINE else original, encoding="utf-8")
    template = template_of(ROOT / "template.yaml") if mutant.file == MACHINE else mutant.content
    try:
        return next(iter((*complaints(template), *broken(template, folder))), "")
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, StopIteration) as error:
        return f"a rule cannot read it: {error!r}"  # `make check` fails


def _of_rights(mutant: Mutant) -> bool:
    if mutant.file != "template.yaml":
        return False
    try:
        allowed = allowed_by(_short(mutant.content["Resources"]))
    except (KeyError, TypeError, AttributeError, subprocess.CalledProcessError):
        return True
    return any(allowed[who] != MAY[who] for who in MAY)


def _short(value: Node) -> Any:
    """As tests.security.policies reads templates."""
    match value:
        case {"Fn::GetAtt": [*names]}:
            return {"GetAtt": ".".join(names)}
        case dict():
            return {key.removeprefix("Fn::"): _short(inner) for key, inner in value.items()}
        case list():
            return [_short(inner) for inner in value]
    return value


def _write(mutant: Mutant, path: Path) -> Path:
    content = template_of(ROOT / "template.yaml") if mutant.file == MACHINE else mutant.content
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def unseen_on_page(drawn: list[Mutant], folder: Path) -> list[Mutant]:
    """Return those that would leave the page as it is, of those that SAM takes at all."""
    untouched = {file: list(_page(file, {}, folder)) for file in FILES}
    return [
        one for one in drawn if (said := list(_page(one.file, one.content, folder))) and said == untouched[one.file]
    ]


def _page(file: str, content: dict[str, Any], folder: Path) -> Iterator[str]:
    """The page's lines on a template with this content; none when SAM refuses it, which `make check` hears."""
    if file == "environment.yaml":
        yield from of_template("", content or template_of(ROOT / file))
        return
    (folder / "statemachine").mkdir(exist_ok=True)
    machine = content if file == MACHINE and content else json.loads((ROOT / MACHINE).read_text(encoding="utf-8"))
    (folder / MACHINE).write_text(json.dumps(machine), encoding="utf-8")
    source, target = folder / "template.json", folder / "transformed.json"
    gate = content if file == "template.yaml" and content else template_of(ROOT / "template.yaml")
    source.write_text(json.dumps(gate), encoding="utf-8")
    script = [ROOT / ".suimon/envs/sam/bin/python", ROOT / "local/security_check/transformed.py", source, target]
    done = subprocess.run(script, capture_output=True, check=False, env={"AWS_DEFAULT_REGION": "eu-west-1", "PATH": ""})
    if done.returncode == 0:
        yield from of_template("", json.loads(target.read_text(encoding="utf-8")))


def main() -> int:
    """Draw mutants, say what notices them; with --write into docs/template-mutation.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--lint", action="store_true", help="ask cfn-lint, too: seconds for each that the rules let by")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    every = list(mutants())
    drawn = random.Random(options.seed).sample(every, min(options.mutants, len(every)))  # noqa: S311 a sample, no secret
    with ProcessPoolExecutor(options.jobs) as pool:
        slices = [drawn[part :: options.jobs] for part in range(options.jobs)]
        parts = list(pool.map(partial(_tried, lint=options.lint), slices))
    left, unseen = ([one for part in parts for one in part[which]] for which in (0, 1))
    said = report(every, drawn, left, unseen, options)
    sys.stdout.write(said)
    if options.write:
        PAGE.write_text(said, encoding="utf-8")
    return 1 if unseen else 0


def _tried(drawn: list[Mutant], *, lint: bool) -> tuple[list[Mutant], list[Mutant]]:
    with tempfile.TemporaryDirectory() as folder:
        left = survivors(drawn, Path(folder))
        left = not_linted(left, Path(folder)) if lint else left
        return left, unseen_on_page(left, Path(folder))


def report(
    every: list[Mutant], drawn: list[Mutant], left: list[Mutant], unseen: list[Mutant], options: argparse.Namespace
) -> str:
    """Return the page: figures by operator, and every survivor."""

    def share(part: int, whole: int) -> str:
        return f"{part} of {whole} ({100 * part // whole} %)"

    of_all, of_left = (Counter(mutant.operator for mutant in some) for some in (drawn, left))
    rows = [f"| {name} | {of_all[name]} | {of_all[name] - of_left[name]} |" for name in sorted(of_all)]
    told = [
        f"| {'unseen' if mutant in unseen else ''} | {mutant.operator} | {mutant.file} | `{mutant.where}` |"
        for mutant in left
    ]
    return "\n".join(
        [
            "# Mutants of the templates",
            "",
            f"Written by `python -m tests.template.mutation --mutants {len(drawn)} --seed {options.seed}{' --lint' if options.lint else ''} --write`: {len(drawn)} of {len(every)} changes that a program makes to",
            "`template.yaml`, `environment.yaml` and `statemachine/replay.asl.json`, drawn by chance; none was chosen by a person, and texts for people are left alone.",
            "",
            "| noticed by | |",
            "|---|---|",
            f"| rules{', cfn-lint' if options.lint else ' (cfn-lint was not asked)'} and the list of rights alone | {share(len(drawn) - len(left), len(drawn))} |",
            f"| with the diff of [the inventory](operations/inventory.md), which `make check` prints | {share(len(drawn) - len(unseen), len(drawn))} |",
            "",
            "The second figure says that a change shows, and `make check` fails until somebody has written the page anew; that whoever reads the diff takes it for a defect, no program can say.",
            "",
            "| what is done | drawn | noticed by rules |",
            "|---|---|---|",
            *rows,
            "",
            "Of twenty defects that a person drew before reading the rules (`tests/template/unseen.py`) the rules of that day noticed 13, 65 %; all twenty",
            "change a value that the page shows. The other seven have rules since, so that this figure cannot be measured again by them.",
            "",
            "Those that the rules let through:",
            "",
            "| | what | file | where |",
            "|---|---|---|---|",
            *told,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

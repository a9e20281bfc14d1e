"""What the stacks are, as a page that a person reads in a diff: `python -m local.inventory [--write]`.

Both templates as CloudFormation sees them, the state machine within, samconfig.toml: each setting once, each right on a
line of its own. `make check` compares the page with what they say by now, and prints the difference.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import template_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "operations" / "inventory.md"
HEAD: Final = """# What the stacks are

Written by `make inventory` from `template.yaml` (as SAM transforms it, the state machine within), `environment.yaml`
and `samconfig.toml`; `make check` fails with the difference where it is out of date. A change of a right or a setting
shows here, however it was written there: read this page's diff. [What no rule notices](../template-mutation.md) is why.

How to read it: `${Name}` is a resource or a parameter, `(Has ? a : b)` is `a` where the condition holds, `nothing`
leaves a property out, `here:sqs:` is an ARN of this partition, region and account. What most resources of a type share
stands once, under "unless said otherwise". A text over 160 characters is cut, with its length and a digest of the
whole. Left out are descriptions and comments that only whoever reads the templates sees.
"""
WIDTH: Final = 180
LONGEST: Final = 160  # characters of a text
PROSE: Final = {"Description", "ConstraintDescription", "AssertDescription", "Comment"}
SHARED: Final = 3  # resources of a type, from which on what most of them share is said once
PLAIN: Final = re.compile(r"(?!(?:true|false|null|nothing|-?[\d.]+)$)[\w/$*.<][\w ./:@*+=<>%$'!-]*")
HERE: Final = re.compile(r"arn:\$\{AWS::Partition\}:([\w-]+):\$\{AWS::Region\}:\$\{AWS::AccountId\}:")
NOTHING: Final = {"Ref": "AWS::NoValue"}
STATEMENT: Final = {
    "Sid": "",
    "Effect": "",
    "Action": " ",
    "NotAction": " all but ",
    "Principal": " to ",
    "NotPrincipal": " to all but ",
    "Resource": " on ",
    "NotResource": " on all but ",
    "Condition": " if ",
}


def main(arguments: list[str]) -> int:
    """Write the page with `--write`; else print how it differs from what the templates say, and return 1 if it does."""
    said = page()
    if "--write" in arguments:
        PAGE.write_text(said, encoding="utf-8")
        return 0
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    name = str(PAGE.relative_to(ROOT))
    now = "what the templates say"
    differs = list(difflib.unified_diff(old.splitlines(), said.splitlines(), name, now, lineterm=""))
    if differs:
        sys.stdout.write("\n".join([*differs, f"{name} is out of date: read this, then `make inventory`", ""]))
    return 1 if differs else 0


def page() -> str:
    """Return the page as the files say it now."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    parts = [HEAD, *of_template("The gate", transformed(ROOT / "template.yaml"))]
    parts += of_template("The MWAA environment", template_of(ROOT / "environment.yaml"))
    parts += ["\n## samconfig.toml\n", *_block(_lines(config))]
    return "\n".join(parts) + "\n"


def transformed(path: Path) -> dict[str, Any]:
    """Return a template as SAM makes it; CalledProcessError when SAM refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "transformed.json"
        python, script = ROOT / ".suimon/envs/sam/bin/python", ROOT / "local/security_check/transformed.py"
        environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "ap-northeast-1"}
        subprocess.run([python, script, path, target], check=True, env=environment)
        return dict(json.loads(target.read_text(encoding="utf-8")))


def of_template(title: str, template: dict[str, Any]) -> Iterator[str]:
    """Yield the lines on a template: roles and policies first, then every type, then what is chosen and given."""
    template = _without_prose(template)
    yield f"\n## {title}"

    def kind(item: tuple[str, Any]) -> tuple[bool, str]:
        return not item[1]["Type"].startswith("AWS::IAM::"), item[1]["Type"]

    for (_, name), resources in groupby(sorted(template["Resources"].items(), key=kind), key=kind):
        yield f"\n### {name}\n"
        yield from of_type({name: _flat(resource) for name, resource in resources})
    for part in sorted(template.keys() - {"Resources"}):
        yield f"\n### {part}\n"
        yield from _block(_lines(template[part]) if isinstance(template[part], dict) else [text(template[part])])


def _flat(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's properties beside its other attributes, which no property is called like."""
    others = {key: value for key, value in resource.items() if key not in {"Type", "Properties"}}
    return {**resource.get("Properties", {}), **others}


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_prose(one) for key, one in value.items() if key not in PROSE or not isinstance(one, str)}
    return [_without_prose(one) for one in value] if isinstance(value, list) else value


def of_type(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines on the resources of a type: what most of them share, then what each has of its own."""
    shared: dict[str, Any] = {}
    for key in dict.fromkeys(key for one in resources.values() for key in one):
        [(most, times)] = Counter(text(one.get(key, NOTHING)) for one in resources.values()).most_common(1)
        if len(resources) >= SHARED and times * 2 > len(resources) and most != text(NOTHING):
            shared[key] = next(one[key] for one in resources.values() if text(one.get(key, NOTHING)) == most)
    lines = list(_lines({"(unless said otherwise)": shared})) if shared else []
    for name, one in resources.items():
        own = {key: value for key, value in one.items() if text(value) != text(shared.get(key, NOTHING))}
        own |= dict.fromkeys(sorted(shared.keys() - one.keys()), NOTHING)
        lines += _lines({name: own})
    yield from _block(lines)


def _block(lines: Iterator[str] | list[str]) -> list[str]:
    return ["```text", *lines, "```"]


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    """Each key on a line; what is too long for one, its parts on lines below."""
    of_dict = isinstance(value, dict)
    items = [(f"{key}:", one) for key, one in value.items()] if of_dict else [("-", one) for one in value]
    for key, one in items:
        said = text(one)
        if len(indent) + len(key) + len(said) < WIDTH or not (parts := _parts(one)):
            yield f"{indent}{key} {said}"
        elif key == "-":
            first, *others = _lines(parts, indent + "  ")
            yield from (f"{indent}- {first.lstrip()}", *others)
        else:
            yield f"{indent}{key}"
            yield from _lines(parts, indent + "  ")


def _parts(value: Any) -> Any:
    """What a value is made of, in lines; empty when it stands on one."""
    value = _json(value)
    name, of = _function_in(value)
    if name == "Fn::If" and len(of) == 3:  # noqa: PLR2004 condition, yes, no
        return {f"where {of[0]}": of[1], "else": of[2]}
    if name or not isinstance(value, dict | list) or "Effect" in value:
        return None  # a right stands on one line
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return None  # nor do names fill more
    return value


def text(value: Any) -> str:
    """Return a value on one line, so that no two values read the same."""
    value = _json(value)
    name, of = _function_in(value)
    if name:
        return _function(name, of)
    match value:
        case {"Effect": _, "Action": _}:
            keys = [key for key in dict.fromkeys([*STATEMENT, *value]) if key in value]
            return "".join(_of_statement(key, value[key]) for key in keys)
        case dict():
            return f"{{{', '.join(f'{key}: {text(one)}' for key, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(text, value))}]"
        case str() if PLAIN.fullmatch(value) and "${" not in value:
            return _cut(value)
    return _cut(json.dumps(value, ensure_ascii=False))


def _function_in(value: Any) -> tuple[str, Any]:
    """Return the name of CloudFormation's function that a value is, and what of; no name when it is none."""
    if isinstance(value, dict) and len(value) == 1:
        [(name, of)] = value.items()
        if str(name).startswith(("Ref", "Fn::")):
            return str(name), of
    return "", None


def _function(name: str, of: Any) -> str:
    match name, of:
        case "Ref", "AWS::NoValue":
            return "nothing"
        case "Ref", _:
            return f"${{{of}}}"
        case "Fn::GetAtt", [*names]:
            return f"${{{'.'.join(names)}}}"
        case "Fn::Sub", str():
            return _cut(of)
        case "Fn::If", [condition, yes, no]:
            return f"({condition} ? {text(yes)} : {text(no)})"
    return f"{name.removeprefix('Fn::')}({', '.join(map(text, of if isinstance(of, list) else [of]))})"


def _of_statement(key: str, value: Any) -> str:
    said = ", ".join(map(text, value)) if isinstance(value, list) and len(value) > 1 else text(value)
    return f"{said}: " if key == "Sid" else f"{STATEMENT.get(key, f' {key} ')}{said}"


def _json(value: Any) -> Any:
    """A machine's definition, which SAM makes a text of, is what it says."""
    match value:
        case {"Fn::Join": ["\n", [*lines]]}:
            return _without_prose(json.loads("\n".join(lines)))
    return value


def _cut(said: str) -> str:
    said = HERE.sub(r"here:\1:", said)
    if len(said) <= LONGEST:
        return said
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    return f"{said[:LONGEST]}… ({len(said)} characters, {digest})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

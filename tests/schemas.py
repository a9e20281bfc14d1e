"""What programs read of the commands (docs/*.schema.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

DOCS = Path(__file__).parents[1] / "docs"
SCHEMAS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in DOCS.glob("*.schema.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def validate(command: str, text: str) -> Any:
    """Return what a command has written with --json; ValidationError if it is not what its schema says."""
    schema = {"$ref": f"commands.schema.json#/$defs/suimon {command}".replace(" ", "%20")}
    found = json.loads(text)
    Draft202012Validator(schema, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(found)
    return found

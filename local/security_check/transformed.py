"""Write a template as CloudFormation sees it after SAM: `python transformed.py TEMPLATE TARGET`, in SAM's environment.

Machines carry their definitions, so that what knows state machines looks into them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from cfnlint.decode import decode  # type: ignore[import-untyped] # it ships no types
from samtranslator.translator.transform import transform  # type: ignore[import-not-found] # in SAM's environment alone


class NoPolicies:
    """The managed policies that SAM would look up by their names; the template names none."""

    def load(self) -> dict[str, Any]:
        """Return none."""
        return {}


def main(source: Path, target: Path) -> None:
    """Transform `source` into the JSON file `target`."""
    decoded, wrong = decode(str(source))
    if wrong or decoded is None:
        raise SystemExit(f"{source}: {wrong}")
    template = json.loads(json.dumps(decoded))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = f"s3://bucket/{properties['CodeUri']}"  # it is uploaded by then
        if resource["Type"] == "AWS::Serverless::StateMachine":
            definition = source.parent / properties.pop("DefinitionUri")
            properties["Definition"] = json.loads(definition.read_text(encoding="utf-8"))
    target.write_text(json.dumps(transform(template, {}, NoPolicies()), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""Check templates: `python -m local.template_check template.yaml …`; exit 1 when something is wrong.

cfn-lint knows the schemas; these are the rules that it does not know, and that the emulator's CloudFormation does not
look at. A value that only the deployment knows is passed over; a parameter stands for its default.
"""

from __future__ import annotations

import sys
from pathlib import Path

from local.template_check.promises import broken
from local.template_check.properties import complaints
from local.template_check.reading import template_of


def main(paths: list[str]) -> int:
    """Print what is wrong with each template; return 1 when something is."""
    found = []
    for path in map(Path, paths):
        template = template_of(path)
        found += [f"{path}: {wrong}" for wrong in (*complaints(template), *broken(template, path.parent))]
    sys.stdout.writelines(f"{wrong}\n" for wrong in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

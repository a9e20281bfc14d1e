"""Which modules of ours an artifact gets: those that its function imports, at its start or later."""

from pathlib import Path

import pytest

from functions.build import imported_modules

TREE = {
    "functions/f/app.py": """
import suimon.early
def handler():
    import suimon.plain
    from suimon import member
""",
    "src/suimon/__init__.py": "",
    "src/suimon/early.py": """
async def wait():
    from suimon.awaited import name
def later():
    import json
    from . import sibling
    from .package import inner, name
""",
    "src/suimon/plain.py": "",
    "src/suimon/member.py": "",
    "src/suimon/awaited.py": "name = 1",
    "src/suimon/sibling.py": "",
    "src/suimon/package/__init__.py": "name = 1",
    "src/suimon/package/inner.py": """
class Deep:
    def method(self):
        from ..far import name
""",
    "src/suimon/far.py": "name = 1",
    "src/suimon/unused.py": "",
}


@pytest.mark.process
def test_every_module_that_is_imported_later_is_found(tmp_path: Path) -> None:
    for name, code in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    found = {path.relative_to(tmp_path).as_posix() for path in imported_modules("f", tmp_path)}
    assert found == set(TREE) - {"functions/f/app.py", "src/suimon/unused.py"}

"""The commands in the README are commands that there are."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from suimon.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)", README)) | set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_every_suimon_command_that_the_readme_names_takes_the_options_it_is_given() -> None:
    commands = re.findall(r"^suimon (.+?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert commands
    for command in commands:
        words = [word for word in command.split() if re.fullmatch(r"[a-z]+", word)]
        names = [word for word in words[:2] if word in {"check", "contract", "lint", "replay", "warehouse", "create"}]
        help_text = CliRunner().invoke(main, [*names, "--help"])
        assert help_text.exit_code == 0, command
        for option in re.findall(r"--[a-z-]+", command):
            assert option in help_text.output, command


def test_every_file_that_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / target).exists(), target

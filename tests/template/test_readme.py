"""The commands in the README are commands that there are."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from suimon.cli.main import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)", README)) | set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_every_suimon_command_that_the_readme_names_takes_the_options_it_is_given() -> None:
    commands = re.findall(r"^(?:\.venv/bin/)?suimon (.+?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert commands
    for command in commands:
        names = named_in(command)
        assert names, command
        help_text = CliRunner().invoke(main, [*names, "--help"])
        assert help_text.exit_code == 0, command
        for option in re.findall(r"--[a-z-]+", command):
            assert option in help_text.output, command


def named_in(line: str) -> list[str]:
    """Return the names of a command and of those below it, as far as the line has them."""
    names = list[str]()
    command: click.Command = main
    for word in line.split():
        found = command.get_command(click.Context(command), word) if isinstance(command, click.Group) else None
        if found is None:
            break
        names.append(word)
        command = found
    return names


def test_the_sample_is_judged_and_reported_as_the_readme_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    block = re.search(
        r"^\.venv/bin/suimon (check .+) --report (\S+)\n```\n\n```text\n(.+?)\n```", README, re.DOTALL | re.MULTILINE
    )
    assert block
    command, folder, shown = block.groups()
    result = CliRunner().invoke(main, [*command.split(), "--report", str(tmp_path)])
    assert result.exit_code == 1
    said = result.stdout.replace(str(tmp_path), folder)
    assert [line.rstrip() for line in said.splitlines()] == shown.splitlines()
    for name in ("report.json", "bad_cells.jsonl", "report.html", "bad_records.csv"):
        assert (tmp_path / name).read_bytes() == (ROOT / "docs" / "sample" / name).read_bytes(), name


def test_every_file_that_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / target).exists(), target

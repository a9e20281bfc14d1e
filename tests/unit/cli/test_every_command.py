"""Every command, as somebody new would type it: also one that is added later, for they are found, not listed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from suimon.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

# What is not named by a word of its own in the list of commands, but is one.
HIDDEN = (("drops", "close"),)
RUBBISH = ("--no-such-option", "\x1b[31m", "日本", "'; rm -rf /", "x" * 5_000)
# Of commands that need one of several arguments, by their names.
ENOUGH = {
    "drops": ("--key", "s3://raw/a.csv"),
    "explain": ("sales", "2026-11-20"),
    "expect": ("--cancel",),
    "replay": ("--from", "2026-11-20"),
    "snooze": ("--days", "1"),
    "tail": ("--once",),
}
UNEXPECTED = re.compile(r"unexpected \w+(Error|Exception)|Traceback")
LOCAL = {"check", "contract", "dataset"}


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that name it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command, name
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands())
PATHS = [*ALL, *HIDDEN]


def named(path: tuple[str, ...]) -> str:
    return " ".join(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments], catch_exceptions=False)


def arguments_of(command: click.Command) -> list[str]:
    """Return arguments that are enough for a command to begin: a file that exists, words, days."""
    found = [*ENOUGH.get(command.name or "", ())]
    for parameter in command.params:
        if not parameter.required:
            continue
        value = value_of(parameter)
        found += [parameter.opts[0], value] if isinstance(parameter, click.Option) else [value]
    return found


def value_of(parameter: click.Parameter) -> str:
    if parameter.name == "sql":
        return "SELECT 1"
    kind = parameter.type
    if isinstance(kind, click.Path):
        return __file__
    if isinstance(kind, click.Choice):
        return str(next(iter(kind.choices)))
    if isinstance(kind, click.types.IntRange | click.types.FloatRange):
        return "1"
    return "2026-11-20" if parameter.name in {"partition", "first", "last", "start", "end", "day"} else "word"


def test_they_are_found() -> None:
    assert len(PATHS) > 25
    assert ("status",) in PATHS
    assert ("warehouse", "query") in PATHS


@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_command_explains_itself_within_80_columns(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")
    assert len(result.stdout.splitlines()) > 4
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_command_stands_in_the_list_with_what_it_does(path: tuple[str, ...]) -> None:
    shown = run(*path[:-1], "--help").stdout
    assert re.search(rf"^  {path[-1]}  +\w", shown, re.MULTILINE)


@pytest.mark.parametrize("path", ALL, ids=named)
def test_what_asks_a_stack_takes_its_name_and_each_has_json(path: tuple[str, ...]) -> None:
    options = {option for parameter in ALL[path].params for option in parameter.opts}
    if path[0] not in LOCAL | {"warehouse"}:
        assert "--stack" in options
    assert "--json" in options


@pytest.mark.usefixtures("off_line")
@pytest.mark.parametrize("path", PATHS, ids=named)
@pytest.mark.parametrize("rubbish", RUBBISH, ids=["option", "escape", "japanese", "shell", "long"])
def test_rubbish_ends_with_2_and_words(path: tuple[str, ...], rubbish: str) -> None:
    result = run(*path, rubbish, rubbish, rubbish, rubbish, rubbish)
    assert result.exit_code in {1, 2}
    assert result.stderr
    assert "\x1b" not in result.output
    assert not UNEXPECTED.search(result.stderr)


ASKING = [path for path in ALL if path[0] not in LOCAL | {"warehouse", "put"}]


@pytest.mark.usefixtures("off_line")
@pytest.mark.parametrize("path", ASKING, ids=named)
def test_a_variable_of_the_shell_that_is_not_set_names_nothing(path: tuple[str, ...]) -> None:
    names = [one for one in ALL[path].params if isinstance(one, click.Argument)]
    options = [one.opts[0] for one in ALL[path].params if isinstance(one, click.Option) and one.required]
    for place, _ in enumerate(names):
        given = ["2026-11-20" if name.name in {"day", "date"} else "word" for name in names[:place]]
        result = run(*path, *given, "", *(word for option in options for word in (option, "word")))
        assert result.exit_code == 2
        assert "it is empty" in result.stderr


@pytest.mark.usefixtures("off_line")
@pytest.mark.parametrize("path", ALL, ids=named)
def test_without_a_network_or_a_stack_it_ends_with_2_and_says_so(path: tuple[str, ...]) -> None:
    result = run(*path, *arguments_of(ALL[path]))
    if path[0] in LOCAL:
        assert result.exit_code in {0, 1, 2}
    else:
        assert result.exit_code == 2
    assert result.output
    assert "Traceback" not in result.output
    assert not UNEXPECTED.search(result.output)


@pytest.mark.usefixtures("off_line")
@pytest.mark.parametrize("path", [path for path in ALL if path[0] not in LOCAL], ids=named)
def test_without_credentials_it_says_what_to_do(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    result = run(*path, *arguments_of(ALL[path]))
    assert result.exit_code == 2
    assert not UNEXPECTED.search(result.stderr)
    assert re.search(r"credentials|AWS_|--\w+", result.stderr), result.stderr
    if any("--lang" in one.opts for one in ALL[path].params):
        monkeypatch.setenv("SUIMON_LANG", "ja")
        assert "認証情報がありません" in run(*path, *arguments_of(ALL[path])).stderr or "--" in result.stderr


@pytest.mark.usefixtures("off_line")
@pytest.mark.parametrize("asked", [["--lang", "ja", "--day"], ["--day", "--lang", "ja"]])
def test_what_is_wrong_with_an_option_is_said_in_the_language_wherever_that_stands(asked: list[str]) -> None:
    result = run(
        "replay", "sales", *(word.replace("--day", "--from=2026/11/20") for word in asked), "--to", "2026-11-21"
    )
    assert result.exit_code == 2
    assert "'--from' の値が正しくありません: '2026/11/20' は YYYY-MM-DD 形式の日付でも" in result.stderr
    assert "もしかして: 2026-11-20" in result.stderr


@pytest.mark.usefixtures("off_line")
def test_the_region_is_that_of_aws_region_as_for_other_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    result = run("tail", "--once")
    assert "no region" not in result.stderr
    assert "http://127.0.0.1:9" in result.stderr
    assert "AWS_DEFAULT_REGION" not in os.environ
    monkeypatch.delenv("AWS_REGION")
    assert "set AWS_REGION" in run("tail", "--once").stderr


@pytest.mark.process
@pytest.mark.parametrize("stack", ["", "日本-ж"])
def test_a_console_that_knows_ascii_alone_shows_help_and_errors(stack: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "NO_COLOR": "1", "COLUMNS": "80"}
    code = "from suimon.cli.main import main; main()"
    asked = [
        ["--help"],
        ["--version"],
        ["status", "--back", "x", "--stack", stack],
        ["check", "日本.csv", "--contract", "x"],
    ]
    for arguments in asked:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, check=False
        )
        assert done.returncode in {0, 2}
        assert b"Traceback" not in done.stderr
        assert (done.stdout + done.stderr).isascii()


@pytest.fixture
def off_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away whatever could answer: endpoint, files of keys and settings, an instance with a role."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SUIMON_DATASETS", str(tmp_path))
    monkeypatch.chdir(tmp_path)

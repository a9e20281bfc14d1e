"""The copy of the tree in which every change of a module lies beside the code as it is, chosen by name at run time."""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mutmut.mutation.file_mutation import MutatedFile, mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name, mangled_name_from_mutant_name

ROOT = Path(__file__).parents[2]
TREE = ROOT / ".suimon" / "mutation"
COPIED = ("src", "tests", "datasets", "docs", "functions", "dags", "local", "bench/mutation")


@dataclass(frozen=True)
class Mutant:
    """A change by its name: the function that it is in, and its lines before and after, on one line each."""

    name: str
    function: str
    old: str
    new: str

    @property
    def module(self) -> str:
        """Its module, without the package's name."""
        return self.name.split(".x", 1)[0].removeprefix("suimon.")


def make(modules: Collection[str]) -> dict[str, Mutant]:
    """Copy the tree, write each module with all of its changes into the copy, and return them by name."""
    shutil.rmtree(TREE, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, TREE / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("ARCHITECTURE.md", "template.yaml"):
        shutil.copy(ROOT / name, TREE)
    shutil.copy(Path(__file__).parent / "in_copy.py", TREE / "tests" / "conftest.py")
    found = dict[str, Mutant]()
    for module in modules:
        path = Path("src/suimon") / f"{module}.py"
        made = mutate_file_contents(str(path), (TREE / path).read_text(encoding="utf-8"))
        (TREE / path).write_text(made.code, encoding="utf-8")
        lines = made.code.splitlines()
        found |= {one.name: one for name in made.mutant_names if (one := _mutant(path, name, made, lines))}
    return found


def write(drawn: Mapping[str, Mutant], path: Path) -> None:
    """Write what the campaign is to try."""
    path.write_text(json.dumps([asdict(one) for one in drawn.values()]), encoding="utf-8")


def _mutant(path: Path, name: str, made: MutatedFile, lines: Sequence[str]) -> Mutant:
    function = mangled_name_from_mutant_name(name)
    before, after = (
        [line.replace(one, function) for line in lines[span.start - 1 : span.end]]
        for one in (f"{function}__mutmut_orig", name)
        if (span := made.line_span_by_function_name[one])
    )
    first = _alike(before, after)
    last = _alike(before[first:][::-1], after[first:][::-1])
    old, new = (" ".join(line.strip() for line in lines[first : len(lines) - last]) for lines in (before, after))
    return Mutant(get_mutant_name(path, name), get_mutant_name(path, function), old, new)


def _alike(lines: Sequence[str], others: Sequence[str]) -> int:
    """Return how many lines both begin with."""
    return next(
        (place for place, (one, other) in enumerate(zip(lines, others, strict=False)) if one != other),
        min(len(lines), len(others)),
    )

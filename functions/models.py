"""AWS's service models in an artifact: of each service what the function's own modules can call, and no more.

A cold start reads them, and S3's alone takes longer than the function's imports of its own. What stays is derived from
the code: an operation whose name, as boto3 writes it, stands anywhere in the function's modules.
"""

from __future__ import annotations

import ast
import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# What a managed transfer (`s3.copy`) calls for whoever calls it.
TRANSFERS: Final = {
    "copy": (
        *("HeadObject", "CopyObject", "CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"),
        "AbortMultipartUpload",
    ),
}
# What clients call by themselves: where a bucket lies, a session of a directory bucket, an endpoint of one's own.
BY_CLIENTS: Final = {"HeadBucket", "CreateSession", "DescribeEndpoints"}
# boto3's Table has a shape of its own, whatever is called.
TABLE: Final = "TableDescription"
# Not read by what calls operations, asks page by page, or finds an address.
UNREAD: Final = ("waiters-2", "examples-1", "service-2.sdk-extras")


def shrink(artifact: Path, modules: Iterable[Path]) -> None:
    """Leave of botocore's models in `artifact` what `modules` can call, in plain JSON."""
    words = {word for module in modules for word in _words(module)}
    data = artifact / "botocore" / "data"
    prefixes = {_shrink_service(folder, words) for folder in sorted(data.iterdir()) if folder.is_dir()}
    endpoints = json.loads((data / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in prefixes}
    _write(data / "endpoints.json", endpoints)


def _words(module: Path) -> Iterator[str]:
    """Yield what could be the name of a method: attributes, and texts, by which pages are asked for."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _shrink_service(folder: Path, words: set[str]) -> str:
    """Shrink the newest version of a service's models, the one that clients use; return its endpoint's name."""
    *older, newest = sorted(folder.iterdir())
    for version in older:
        shutil.rmtree(version)
    prefix = ""
    for path in sorted(newest.iterdir()):
        name = path.name.removesuffix(".gz").removesuffix(".json")
        content = path.read_bytes()
        path.unlink()
        if name in UNREAD:
            continue
        model = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
        if name == "service-2":
            prefix = model["metadata"]["endpointPrefix"]
            model = _of_operations(model, _called(model["operations"], words))
        _write(newest / f"{name}.json", model)
    return prefix


def _called(operations: Iterable[str], words: set[str]) -> list[str]:
    by_others = {name for word, names in TRANSFERS.items() if word in words for name in names}
    return [name for name in operations if xform_name(name) in words or name in by_others | BY_CLIENTS]


def _of_operations(model: dict[str, Any], names: list[str]) -> dict[str, Any]:
    operations = {name: model["operations"][name] for name in names}
    shapes, wanted = model["shapes"], set[str]()
    left = [operations, *([{"shape": TABLE}] if TABLE in shapes else [])]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            shape = value.get("shape")
            if isinstance(shape, str) and shape in shapes and shape not in wanted:
                wanted.add(shape)
                left.append(shapes[shape])
        left += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    kept = {name: shape for name, shape in shapes.items() if name in wanted}
    return {**model, "operations": operations, "shapes": kept}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")), encoding="utf-8")

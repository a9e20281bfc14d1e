"""A line of a function's log: keys, errors and notes stand in it, and neither a console nor a terminal obeys them."""

from __future__ import annotations

import json
from typing import Any

from suimon.drops.foreign_text import harmless


def log_line(fields: dict[str, Any]) -> str:
    """Return the JSON of a line, which means the same: what does not print, turns or hides is an escape of JSON's."""
    return harmless(json.dumps(fields, ensure_ascii=False, default=str, separators=(",", ":")))

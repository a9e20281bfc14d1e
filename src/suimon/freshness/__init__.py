"""The freshness function's first half: files that did not come, tables that went stale."""

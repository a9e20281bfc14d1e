"""A file as a pandas frame of texts, so that rules see what stands in the file and not what pandas made of it."""

from pathlib import Path

import pandas as pd

from suimon.contract.file import FileFormat
from suimon.contract.model import Contract


def read(path: Path, contract: Contract) -> pd.DataFrame:
    """Read a file by its contract's dialect; missing cells are missing."""
    dialect = contract.file or FileFormat()
    tokens = list(dialect.null_tokens)
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=tokens, encoding=dialect.encoding)

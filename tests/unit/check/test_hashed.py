"""The hash of a file's bytes, taken as the check reads them."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from suimon.check.engine import check
from suimon.check.source import Hashed, LocalFile
from suimon.contract.file import Compression
from suimon.contract.model import Contract

GOOD = (
    b"order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
    b"1,2026-11-20,C000123,tea,2,148.00,296.00\n"
)


def _zip(body: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", body)
    return stream.getvalue()


PACKED: dict[Compression, Callable[[bytes], bytes]] = {"none": bytes, "gzip": gzip.compress, "zip": _zip}


@pytest.mark.parametrize("compression", PACKED)
def test_the_hash_is_that_of_the_objects_bytes_whatever_the_check_has_read(
    tmp_path: Path, sales: Contract, compression: Compression
) -> None:
    assert sales.file is not None
    contract = replace(sales, file=replace(sales.file, compression=compression))
    path = tmp_path / "file.csv"
    path.write_bytes(PACKED[compression](GOOD))
    source = Hashed(LocalFile(path))
    assert check(source, contract, "2026-11-20", scratch=tmp_path).accepted
    assert source.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_reading_that_was_given_up_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(GOOD * 200_000)
    source = Hashed(LocalFile(path))
    next(iter(source.chunks()))
    assert source.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.sha256() == source.sha256()

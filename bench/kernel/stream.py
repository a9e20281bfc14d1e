"""A file of any size that nobody stores: sales, each with a key of its own, made while they are read."""

from collections.abc import Iterator
from dataclasses import dataclass

PARTITION = "2026-11-20"
HEADER = b"order_id,order_date,customer_id,product_name,quantity,unit_price,amount\n"
RECORDS = 12_500  # of a block
_BLOCK = b"@@@@@@@"  # where the number of a block goes
_NAMES = ("牛乳 1L", "洗剤 詰替", '"紙袋, 大"', '"say ""so"""', "卓上ライト 黒", "AAA batteries")


def _template() -> bytes:
    lines = (
        f"ORD-{number:05}-{_BLOCK.decode()},{PARTITION},C{number * 7919 % 10**7:07},{_NAMES[number % len(_NAMES)]},"
        f"{number % 9 + 1},{number * 37 % 10**6 / 100:.2f},{number * 37 % 10**6 * (number % 9 + 1) / 100:.2f}\n"
        for number in range(RECORDS)
    )
    return "".join(lines).encode()


@dataclass(frozen=True, slots=True)
class Stream:
    """A source of so many blocks, about 1 MB each; the same bytes however often it is read."""

    blocks: int
    template: bytes
    name: str = "stream"

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(HEADER) + self.blocks * len(self.template)

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.blocks * RECORDS

    def read(self, start: int, length: int) -> bytes:
        """Return bytes of the first block, which is all that a check of a sound file asks for."""
        return (HEADER + self.template.replace(_BLOCK, b"%07d" % 0))[start : start + length]

    def chunks(self) -> Iterator[bytes]:
        """Yield header and blocks."""
        yield HEADER
        for number in range(self.blocks):
            yield self.template.replace(_BLOCK, b"%07d" % number)


def stream_of(size: int) -> Stream:
    """Return a stream of about so many bytes."""
    template = _template()
    return Stream(max(1, round(size / len(template))), template)

"""Names in Redshift that need quotes, and users that get them.

Every name of a contract's table stands in SQL as it is, so one that needs quotes is refused when a release is made.
"""

from __future__ import annotations

import re

# Documentation: "Reserved words" (Amazon Redshift Database Developer Guide, r_pg_keywords).
_RESERVED = """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date
    current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc
    disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze
    from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect
    interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16
    mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer overlaps
    parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort
    respect restore right select session_user similar snapshot some sysdate system table tag tdes text255 text32k then
    timestamp to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet when where with
    without
"""
RESERVED_WORDS = frozenset(_RESERVED.split())
# Documentation: "CREATE TABLE", usage notes: names of columns that no table may have, quoted or not.
SYSTEM_COLUMNS = frozenset({"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
# Documentation: "Names and identifiers": at most 127 bytes.
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]{0,126}")


def is_plain(name: str) -> bool:
    """Whether Redshift takes the name of a column or table without quotes, and returns it as it is."""
    return bool(_PLAIN.fullmatch(name)) and name not in RESERVED_WORDS | SYSTEM_COLUMNS


def quoted(user: str) -> str:
    """Return the name of a user, such as IAMR:dags, as a delimited identifier; ValueError when it can be none."""
    if not 1 <= len(user.encode()) <= 127 or not user.isprintable():  # noqa: PLR2004 as above
        raise ValueError(f"{user!r} is no name of a database user")
    doubled = user.replace('"', '""')
    return f'"{doubled}"'


# Documentation: "Quotas and limits in Amazon Redshift".
MOST_COLUMNS = 1_600

"""What a column that holds something of the key's partition must be: as SQL, and as words for people."""

from suimon.check.verdict import Details
from suimon.contract.file import Column
from suimon.contract.partition import Partition

# Where the hour stands in a timestamp that is written yyyy-MM-dd, one mark, HH.
_HOUR_AT = len("yyyy-MM-dd") + 2


def condition_of(place: int, column: Column, partition: Partition, parameters: dict[str, str]) -> str:
    """Return SQL that is true of a cell that is of another partition; what it binds is added to the parameters.

    Of a timestamp what is written counts: the business date is local.
    """
    v, t, first, last = f"v{place}", f"t{place}", str(partition.first), str(partition.last)
    match column.partition:
        case "ds":
            parameters["partition"] = first
            other = f"{t} <> CAST($partition AS DATE)" if column.type == "date" else f"left({v}, 10) <> $partition"
        case "month" | "week":
            parameters |= {"partition_first": first, "partition_last": last}
            days = "CAST($partition_first AS DATE) AND CAST($partition_last AS DATE)"
            if column.type == "date":
                other = f"{t} NOT BETWEEN {days}"
            else:
                other = f"left({v}, 10) NOT BETWEEN $partition_first AND $partition_last"
        case "hour" if column.type == "integer":
            parameters["partition_hour"] = str(partition.hour)
            other = f"{t} <> CAST($partition_hour AS INTEGER)"
        case "hour":
            parameters |= {"partition": first, "partition_hour_written": f"{partition.hour:02d}"}
            other = f"(left({v}, 10) <> $partition OR substr({v}, {_HOUR_AT}, 2) <> $partition_hour_written)"
        case name:
            parameters[f"partition_part_{name}"] = dict(partition.parts)[str(name)]
            other = f"{v} <> $partition_part_{name}"
    return f"{t} IS NOT NULL AND {other}"


def details_of(column: Column, partition: Partition) -> Details:
    """Return what a report says that a cell should have been."""
    match column.partition:
        case "ds":
            return {"partition": str(partition.first)}
        case "month" | "week" as unit:
            return {"partition": partition.time, "holds": unit}
        case "hour":
            return {"partition": partition.time, "holds": "hour"}
        case name:
            return {"partition": dict(partition.parts)[str(name)], "holds": "part", "part": str(name)}

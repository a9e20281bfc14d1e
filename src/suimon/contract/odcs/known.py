"""The clauses of a contract that are known, and what is said of some that are not."""

from suimon.contract.odcs.arrival import ARRIVAL
from suimon.contract.odcs.clauses import PROSE, READ, Grammar
from suimon.contract.odcs.columns import PROPERTY
from suimon.contract.odcs.dialect import DIALECT
from suimon.contract.odcs.freshness import FRESHNESS
from suimon.contract.odcs.owner import SUPPORT
from suimon.contract.odcs.quality import QUALITY
from suimon.contract.odcs.sets import SET
from suimon.contract.odcs.sla import FRESHNESS as FRESHNESS_WORD
from suimon.contract.odcs.volume import VOLUME

_ABOUT = dict.fromkeys(("id", "description", "tags", "businessName", "authoritativeDefinitions"), PROSE)
CONTRACT: Grammar = {
    **_ABOUT,
    **dict.fromkeys(("name", "status", "tenant", "domain", "dataProduct", "price"), PROSE),
    "team": READ,
    "support": [SUPPORT],
    "contractCreatedTs": PROSE,
    "apiVersion": READ,
    "kind": READ,
    "version": READ,
    "schema": [
        {
            **_ABOUT,
            **dict.fromkeys(("physicalType", "dataGranularityDescription", "deprecated", "synonyms"), PROSE),
            "logicalType": PROSE,
            "name": READ,
            "physicalName": READ,
            "properties": [PROPERTY],
            "quality": [QUALITY],
        }
    ],
    "slaProperties": [
        {**_ABOUT, "driver": PROSE, **dict.fromkeys(("property", "value", "unit", "element"), READ)},
    ],
    "customProperties": [{**_ABOUT, "property": READ, "value": READ}],
}
CUSTOM: Grammar = {
    "keyPattern": READ,
    "dag": READ,
    "runsAtOnce": READ,
    "maxRunMinutes": READ,
    "partition": READ,
    "parts": READ,
    "dates": dict.fromkeys(("notBefore", "daysBack", "daysAhead"), READ),
    "dialect": DIALECT,
    "tolerance": dict.fromkeys(("maxRows", "maxPercent"), READ),
    "language": READ,
    "arrival": ARRIVAL,
    "volume": VOLUME,
    FRESHNESS_WORD: FRESHNESS,
    "set": SET,
    "effectiveFrom": READ,
}
# What to do about a clause of ODCS that nothing enforces.
ADVICE = {
    "servers": "remove it: buckets and the warehouse are parameters of the stack",
    "roles": "remove it: access is granted in template.yaml",
    "slaDefaultElement": "write the element into each of slaProperties",
    "partitioned": "name the column in customProperties, property partition",
    "partitionKeyPosition": "name the column in customProperties, property partition",
    "exclusiveMinimum": "write minimum",
    "exclusiveMaximum": "write maximum",
    "multipleOf": "write a condition, such as quantity % 5 = 0",
    "timezone": "write XXX into the format, for Z or +09:00",
    "defaultTimezone": "write XXX into the format, for Z or +09:00",
    "rule": "write metric",
    "query": "write a condition: type: custom, engine: suimon, implementation",
    "schedule": "remove it: a file is checked when it arrives",
    "scheduler": "remove it: a file is checked when it arrives",
    "relationships": "remove it: one file is checked by itself",
}

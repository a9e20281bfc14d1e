SELECT count(*), [
    ('key', 'required-error', count(*) - count(key)),
    ('key', 'max-length-error', count(*) FILTER (length(key) > 32)),
    ('key', 'unique-error', count(key) - count(DISTINCT key)),
    ('quantity', 'required-error', count(*) - count(quantity)),
    ('quantity', 'type-error', count(quantity) FILTER (
        NOT regexp_full_match(quantity, '[+-]?[0-9]+') OR TRY_CAST(quantity AS INTEGER) IS NULL))
]::JSON
FROM file

-- Keys that are all different, in no order. Variables: rows.
CREATE OR REPLACE TEMP VIEW keys AS
SELECT
    record,
    -- An odd factor permutes the numbers below a power of two, so no key comes twice.
    'K' || lpad((record * 5851 % 1073741824)::VARCHAR, 10, '0') || ',' || (record % 1000)::VARCHAR AS line
FROM range(1, getvariable('rows') + 1) AS records (record);

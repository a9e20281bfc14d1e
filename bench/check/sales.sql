-- A sales file as lines of CSV. Variables: rows, seed, faults ('none', 'cells' or 'structure').
-- One record of each hundred is bad, never the hundred's first: those are what a repeated order_id repeats.
CREATE OR REPLACE TEMP VIEW sales AS
WITH numbered AS (
    SELECT
        record,
        (record - 1) // 100 AS hundred,
        (hash(record + getvariable('seed')) >> 1)::BIGINT AS dice,
        CASE WHEN (record - 1) % 100 = 1 + hash(hundred + getvariable('seed')) % 99
            THEN getvariable('faults') || hundred % CASE getvariable('faults') WHEN 'cells' THEN 12 ELSE 4 END
        END AS fault
    FROM range(1, getvariable('rows') + 1) AS records (record)
), good AS (
    SELECT
        record, hundred, dice, fault,
        'C' || lpad((dice % 2000000)::VARCHAR, 7, '0') AS customer_id,
        ['緑茶 500ml', 'おにぎり 鮭', '食パン 6枚切', 'Coffee beans 200g', '単三電池 4本', '牛乳 1L', 'ノート B5', '洗剤 詰替']
            [1 + dice % 8] AS product_name,
        1 + dice // 8 % 9 AS quantity,
        (100 + dice // 72 % 9900)::DECIMAL(12, 2) AS unit_price
    FROM numbered
), cells AS (
    SELECT
        record, fault,
        CASE fault WHEN 'cells11' THEN 1 + 100 * (dice % (hundred + 1)) ELSE record END AS order_id,
        CASE fault WHEN 'cells4' THEN '2026-02-30' WHEN 'cells10' THEN '2026-11-19' ELSE '2026-11-20' END AS order_date,
        CASE fault WHEN 'cells0' THEN '' WHEN 'cells7' THEN repeat('C', 33) ELSE customer_id END AS customer_id,
        CASE
            WHEN fault = 'structure0' THEN '"' || product_name || '" 500ml'
            WHEN fault = 'structure1' THEN product_name || ' "500ml"'
            WHEN dice // 1000000 % 20 = 0 THEN '"' || product_name || chr(10) || '（限定）"'
            ELSE product_name
        END AS product_name,
        CASE fault WHEN 'cells1' THEN '' WHEN 'cells2' THEN '12a' WHEN 'cells3' THEN '１２' WHEN 'cells8' THEN '0'
            ELSE quantity::VARCHAR END AS quantity,
        CASE fault WHEN 'cells6' THEN '12.345' WHEN 'cells9' THEN '-1.00' ELSE unit_price::VARCHAR END AS unit_price,
        CASE fault WHEN 'cells5' THEN '1O0.00' ELSE (quantity * unit_price)::VARCHAR END AS amount
    FROM good
)
SELECT
    record, fault,
    'ORD-20261120-' || lpad(order_id::VARCHAR, 9, '0') || ',' || order_date || ',' || customer_id || ',' || product_name
    || ',' || quantity || ',' || unit_price
    || CASE fault WHEN 'structure2' THEN '' WHEN 'structure3' THEN ',' || amount || ',' ELSE ',' || amount END AS line
FROM cells;

-- What a checker should find.
CREATE OR REPLACE TEMP TABLE faults AS
SELECT * FROM (VALUES
    ('cells0', 'customer_id', 'required-error', 'an empty cell'),
    ('cells1', 'quantity', 'required-error', 'an empty cell'),
    ('cells2', 'quantity', 'type-error', '12a'),
    ('cells3', 'quantity', 'type-error', '１２'),
    ('cells4', 'order_date', 'type-error', '2026-02-30'),
    ('cells5', 'amount', 'type-error', '1O0.00'),
    ('cells6', 'unit_price', 'type-error', '12.345'),
    ('cells7', 'customer_id', 'max-length-error', '33 characters'),
    ('cells8', 'quantity', 'minimum-error', '0'),
    ('cells9', 'unit_price', 'minimum-error', '-1.00'),
    ('cells10', 'order_date', 'partition-error', '2026-11-19'),
    ('cells11', 'order_id', 'unique-error', 'an earlier record''s'),
    ('structure0', NULL, 'quote-error', 'text after a closing quote'),
    ('structure1', NULL, 'quote-error', 'a quote inside an unquoted cell'),
    ('structure2', NULL, 'missing-cell', 'six cells'),
    ('structure3', NULL, 'extra-cell', 'eight cells')
) AS names (fault, "column", code, example);

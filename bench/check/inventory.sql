-- An inventory file as lines of CSV; every character is one of CP932's. Variables: rows, seed.
CREATE OR REPLACE TEMP VIEW inventory AS
WITH numbered AS (
    SELECT record, (hash(record + getvariable('seed')) >> 1)::BIGINT AS dice FROM range(1, getvariable('rows') + 1) AS records (record)
)
SELECT
    record,
    'SKU-' || lpad(record::VARCHAR, 9, '0')
    || ',' || ['東京', '大阪', '福岡', '札幌'][1 + dice % 4]
    || ',' || ['緑茶 500ml', 'ソーダ水 表示あり', '髙級ノート①', '㈱製 ねじ M3', 'ﾊﾝｶｸ ｶﾅ', '能登の塩 100g'][1 + dice // 4 % 6]
    || ',' || (dice // 24 % 1000)::VARCHAR
    || ',2026-11-20 ' || lpad((dice // 24000 % 24)::VARCHAR, 2, '0') || ':' || lpad((dice // 576000 % 60)::VARCHAR, 2, '0') || ':00' AS line
FROM numbered;

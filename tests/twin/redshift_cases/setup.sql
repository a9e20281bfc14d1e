CREATE TABLE sales (
    id VARCHAR(6) NOT NULL, day DATE NOT NULL, quantity INTEGER, big BIGINT, amount DECIMAL(14, 2),
    ratio FLOAT, ok BOOLEAN, sold_at TIMESTAMP
);
INSERT INTO sales VALUES
    ('a', '2026-11-20', 7, 7, 3.50, 1.5, true, '2026-11-20 10:00:00'),
    ('b', '2026-11-21', 2, 2, 1.25, 2.5, false, '2026-11-21 10:00:00.25'),
    ('c', '2026-11-21', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE words (word VARCHAR(20));
INSERT INTO words VALUES ('12'), ('日本');

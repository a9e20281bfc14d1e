-- First of all, because the snapshot of a transaction is taken at its first read or write and not here. A second load
-- of the same partition waits, and then sees, and deletes, what the first one has inserted.
LOCK TABLE sales_fact

-- First of all, because the snapshot of a transaction is taken at its first read or write and not here. A second load
-- waits, and then sees, and deletes, what the first one has inserted. It guards the load log as well: only a load that
-- holds this lock reads the log to decide, or writes it.
LOCK TABLE $table

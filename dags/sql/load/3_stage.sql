CREATE TEMP TABLE ${table}_staging (LIKE $table)

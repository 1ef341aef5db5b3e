"""The only SQL: tables, engine, `work()` (one transaction) and queries as plain functions on a session."""

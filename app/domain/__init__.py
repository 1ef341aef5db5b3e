"""Frozen records, closed sets, rules and the error tree. Imports pydantic, yarl and the standard library only."""

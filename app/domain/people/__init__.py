"""People, their sessions and app keys: records, passwords, the cookie."""

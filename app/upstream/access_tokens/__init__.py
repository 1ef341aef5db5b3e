"""Access tokens: fetched from a token server, kept in memory, renewed in time."""

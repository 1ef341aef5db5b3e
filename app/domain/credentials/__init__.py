"""Keys of providers: their records, what an auth type asks, what may be stored as a secret."""

"""Providers: what a person types, what comes back, where they are called, how they do."""

"""The keys of a provider: their table, their dialogs, the way from one to the next."""

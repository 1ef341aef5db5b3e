"""The audit as sentences, on its page and on that of a provider."""

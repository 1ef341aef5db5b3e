"""Patchbay: one console and one address for an organisation's LLM providers."""

__version__ = "0.1.0"

"""The test of a provider: its steps, what they find, how it is said, and how it is fixed."""

"""The form of a provider, in the dialog and in the first steps: its fields, its test, its fixes."""

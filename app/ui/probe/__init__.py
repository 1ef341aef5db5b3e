"""The test as it is seen: its steps, its options, many at once."""

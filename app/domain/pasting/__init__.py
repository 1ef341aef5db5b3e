"""What a pasted text speaks of."""

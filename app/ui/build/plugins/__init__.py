"""What the build adds to Reflex's own: one file a matter."""

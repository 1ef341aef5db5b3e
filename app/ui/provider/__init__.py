"""What several pages show of a provider: card, health, menu, what depends on it."""

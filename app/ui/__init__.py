"""The console: pages, components and state of Reflex. Nothing else in the house imports Reflex."""

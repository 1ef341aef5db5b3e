"""Who is here: the person of a tab, what may reach a handler, what a tab is told."""

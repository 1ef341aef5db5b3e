"""Known providers as the console shows them: their faces, the gallery, servers nearby."""

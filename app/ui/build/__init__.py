"""How the pages are built, and whether those at hand fit the code."""

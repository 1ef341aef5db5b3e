"""Pieces that pages are made of. They read vars and name events; their wording comes from `words`."""

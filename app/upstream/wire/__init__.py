"""How a request is written and a reply read. One module a wire."""

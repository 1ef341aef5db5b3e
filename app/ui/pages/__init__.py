"""One page a file; each declares `PAGE`. A new file here is a new page."""

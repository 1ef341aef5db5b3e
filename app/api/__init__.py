"""REST under `/api/v1`: one noun a file, handlers of a few lines; `errors.py` is the only place that knows statuses."""

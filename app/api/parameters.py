"""What the parameters of paths and queries mean, said once for the OpenAPI document; a route may use its own words."""

PARAMETERS = {
    "alias_id": "Id of an alias.",
    "auth_type": "Only providers that are signed in to in this way.",
    "by": "What there is a line for.",
    "credential_id": "Id of a provider's key.",
    "cursor": "`next_cursor` of the page before; left out = the first page.",
    "format": "`jsonl` = one JSON object a line, `csv` = a table with a head.",
    "key_id": "Id of a client key.",
    "limit": "How many items at most.",
    "name": "Name of a provider.",
    "order": "Ascending or descending.",
    "preset": "Id of a known vendor.",
    "provider": "Name of a provider that a target leads to.",
    "search": "A part of the name, or of what else the list shows as text.",
    "sort": "What to sort by; items of one value by name.",
    "status": "Only providers of this status.",
    "step": "Length of one item, in UTC.",
    "tag": "Only providers with this tag.",
    "target_id": "Id of what the entries are about; all of them when it is left out.",
    "type": "Only providers of this type.",
    "user_id": "Id of an account.",
}

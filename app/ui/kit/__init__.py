"""Pieces that know no provider, no key and no person: fields, dialogs, menus, lists, and what the browser does for them."""

"""The few places where a secret belongs, each with its reason. Everything else is a leak."""

from collections.abc import Mapping

from tests.canaries.evidence import Permit


def permits(key_of: Mapping[str, str]) -> list[Permit]:
    """`key_of`: name of a planted provider key → the origin it was entered for."""
    longest_first = sorted(key_of.items(), key=lambda item: -len(item[0]))  # a permit names the beginning of a canary
    at_home = [Permit("upstreams", origin, key, "a key arrives where it was entered for") for key, origin in longest_first]
    return [*_ALWAYS, *at_home]


_ALWAYS = [
    Permit("answers of REST", "POST /api/v1/client-keys 201", "client key", "shown once, in the answer that makes it", 1),
    Permit("output of commands", "client-key add", "client key", "shown once, by the command that makes it", 1),
    Permit("frames to the browser", "frame", "client key, browser", "shown once, as the value of a hidden field", 1),
    Permit("answers of REST", "/auth/", "session cookie", "set by the sign-in or the set-up it belongs to", 1),
    Permit("answers to the browser", "/auth/login", "session cookie, browser", "set by the sign-in", 1),
    Permit("storage of the browser", "cookie __Host-pb", "session cookie, browser", "this is the cookie", 1),
    Permit("answers of REST", "GET /api/v1/session", "CSRF token", "told to whoever holds the cookie"),
    Permit("data folder", "patchbay.db", "CSRF token", "worth nothing without the cookie, which is hashed"),
    Permit("data folder", "keys/master.key", "master key", "this is its file"),
    Permit("output of the server", "log", "set-up token", "the link of the first start is printed for its reader", 1),
    Permit("answers of REST", "POST /auth/setup 303", "set-up token", "goes back behind # so that the form can be sent again"),
    Permit("frames from the browser", "frame", "provider key", "typed by a person, on its way to the server"),
    Permit("frames from the browser", "frame", "password, new", "typed by a person, on its way to the server"),
    Permit("processes", "environment of", "provider key, of the surroundings", "put there by whoever starts Patchbay, not by us"),
    Permit("processes", "environment of", "provider key, of a variable", "put there by whoever runs Patchbay, for a key that lives there"),
    Permit("upstreams", "", "prompt", "what applications say goes to their provider"),
    Permit("answers of the gateway", "200", "completion", "what the provider says goes to the application"),
]

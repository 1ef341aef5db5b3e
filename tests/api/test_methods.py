"""Which methods an address of REST answers, and what the others are told."""

import re

import httpx

from app.api import application
from app.api.openapi import document
from tests.fixtures.rest import Clients

DOCUMENT = document.document(application.make_fastapi())
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
PATHS = {path: {method for method in item if method in METHODS} for path, item in DOCUMENT["paths"].items()}


def filled(path: str) -> str:
    return re.sub(r"\{[a-z_]+\}", "x", path)


def at(path: str) -> set[str]:
    """What the document says of an address: of every pattern that fits it."""
    patterns = {re.sub(r"\{[a-z_]+\}", "[^/]+", known): methods for known, methods in PATHS.items()}
    return set().union(*(methods for pattern, methods in patterns.items() if re.fullmatch(pattern, filled(path))))


async def test_of_every_address_that_is_read_the_head_alone_can_be_asked(admin: httpx.AsyncClient) -> None:
    for path in (path for path, methods in PATHS.items() if "get" in methods):
        whole, head = await admin.get(filled(path)), await admin.head(filled(path))

        assert (head.status_code, head.content) == (whole.status_code, b""), path
        assert head.headers["content-type"] == whole.headers["content-type"], path


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(admin: httpx.AsyncClient) -> None:
    tried = 0
    for path in PATHS:
        known = at(path)
        whole = sorted(method.upper() for method in known | ({"head"} if "get" in known else set()))
        for method in METHODS:
            if method.upper() in whole:
                continue
            answer = await admin.request(method.upper(), filled(path), json={} if method in ("post", "put", "patch") else None)
            tried += 1

            assert answer.status_code == 405, (method, path)
            assert answer.headers["allow"] == ", ".join(whole), (method, path)
    assert tried > 100


async def test_a_stranger_is_told_no_more_by_a_head_than_by_the_whole(client: Clients) -> None:
    assert (await client().head("/api/v1/providers")).status_code == 401

"""What is read of a request and what is changed."""

import json

import pytest

from app.domain.errors import InvalidDraft
from app.relay import request


def test_only_the_model_is_replaced_and_every_value_keeps_its_bytes() -> None:
    body = b'{"messages":[ {"role":"user", "content":"\\u00e9 1.0e0"} ],"model":"a/b","x_vendor":{ "n":1.50 },"stream":true}'

    read = request.parse(body)

    assert (read.selector, read.stream) == ("a/b", True)
    assert read.for_model("up") == body.replace(b'"a/b"', b'"up"')


def test_a_field_sent_twice_is_sent_once() -> None:
    read = request.parse(b'{"model":"allowed","model":"other","\\u006dodel":"third"}')

    assert read.for_model(read.selector).count(b"model") == 1
    assert json.loads(read.for_model(read.selector))["model"] == read.selector


@pytest.mark.parametrize(
    "body", [b'{"model":"allowed","Model":"other"}', b'{"MODEL":"other"}', b'{"model":"allowed","mod\\u0045l":"other"}']
)
def test_a_model_in_capitals_is_refused_because_some_providers_read_it(body: bytes) -> None:
    with pytest.raises(InvalidDraft):
        request.parse(body)


@pytest.mark.parametrize("body", [b"{}", b'{"model":null}', b'{"model":""}'])
def test_no_model_means_the_default(body: bytes) -> None:
    assert request.parse(body).selector == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b'{"model":1}', b'{"model":["a"]}', b"[" * 100_000, b'{"a":}', b"\xff"])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidDraft):
        request.parse(body)

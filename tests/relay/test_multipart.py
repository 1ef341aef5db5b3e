"""A form's model is read and replaced; every other byte stays, and what two readers could read in two ways is refused."""

import httpx
import pytest

from app.domain.errors import InvalidDraft
from app.relay import multipart

SOUND = b"RIFF\0\xff\r\n--almost\r\n\r\n--b\xfe" + bytes(range(256))


def form(*parts: tuple[bytes, bytes], boundary: bytes = b"b0") -> bytes:
    lines = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, head, value) for head, value in parts)
    return lines + b"--" + boundary + b"--\r\n"


def field(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    return b'Content-Disposition: form-data; name="%s"' % name, value


FILE = (b'Content-Disposition: form-data; name="file"; filename="a \\"b\\"; name=c.wav"\r\nContent-Type: audio/wav', SOUND)
TYPE = b"multipart/form-data; boundary=b0"


@pytest.mark.parametrize(
    "body",
    [
        form(FILE, field(b"model", b"acme/alpha"), field(b"language", b"vi")),
        form(field(b"model", b"acme/alpha"), FILE),
        form(field(b"x", b""), field(b"model", b"acme/alpha"), FILE, field(b"timestamp_granularities[]", b"word"), field(b"x", b"")),
    ],
)
def test_only_the_models_value_is_replaced(body: bytes) -> None:
    read = multipart.parse(body, TYPE)

    assert (read.selector, read.stream) == ("acme/alpha", False)
    assert read.for_model("whisper-1") == body.replace(b"acme/alpha", b"whisper-1")
    assert read.content_type == TYPE.decode()


@pytest.mark.parametrize("value", [None, b""])
def test_a_form_without_a_model_is_given_one(value: bytes | None) -> None:
    body = form(FILE) if value is None else form(FILE, field(b"model", value))
    read = multipart.parse(body, TYPE)

    again = multipart.parse(read.for_model("whisper-1"), TYPE)

    assert (read.selector, again.selector) == ("", "whisper-1")
    assert SOUND in again.body


def test_what_a_common_client_sends_is_read() -> None:
    request = httpx.Request("POST", "http://x", data={"model": "acme/alpha", "stream": "true"}, files={"file": ("ü.wav", SOUND)})

    read = multipart.parse(request.read(), request.headers["content-type"].encode())

    assert (read.selector, read.stream) == ("acme/alpha", True)


@pytest.mark.parametrize("type_", [b'multipart/form-data; boundary="b0"', b"Multipart/Form-Data;boundary=b0"])
def test_spellings_of_the_header_that_mean_one_thing_are_read(type_: bytes) -> None:
    assert multipart.is_form(type_)
    assert multipart.parse(form(field(b"model", b"m")), type_).selector == "m"


MODEL = field(b"model", b"m")


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        pytest.param(form(MODEL), b"multipart/form-data", id="no boundary"),
        pytest.param(form(MODEL), b"multipart/form-data; boundary=b0; boundary=b1", id="two boundaries"),
        pytest.param(form(MODEL), b"multipart/form-data; boundary=b1", id="another boundary"),
        pytest.param(form(MODEL), b"multipart/form-data; boundary=" + b"b" * 71, id="a boundary too long"),
        pytest.param(b"", TYPE, id="nothing"),
        pytest.param(b"--b0", TYPE, id="only its start"),
        pytest.param(form(MODEL)[:-6], TYPE, id="cut off"),
        pytest.param(b"x\r\n" + form(MODEL), TYPE, id="something before it"),
        pytest.param(form(MODEL) + b"--b0\r\n", TYPE, id="something behind it"),
        pytest.param(form(MODEL, MODEL), TYPE, id="the model twice"),
        pytest.param(form(field(b"Model", b"other"), MODEL), TYPE, id="the model in capitals beside it"),
        # Werkzeug's reader, for one, sees three parts here, and the model of the second one.
        pytest.param(
            form(field(b"file", b'a\n--b0\nContent-Disposition: form-data; name="model"\n\nother'), MODEL),
            TYPE,
            id="a part between line feeds",
        ),
        pytest.param(form((b'Content-Disposition: form-data; name="model"; filename="m"', b"m")), TYPE, id="the model as a file"),
        pytest.param(form((b'Content-Disposition: form-data; name="x"; name="model"', b"m")), TYPE, id="two names"),
        pytest.param(form((b"Content-Disposition: form-data; name=model", b"m")), TYPE, id="a name without quotes"),
        pytest.param(form((b"Content-Disposition: form-data; name*=UTF-8''model", b"m")), TYPE, id="a name in another spelling"),
        pytest.param(form((b'Content-Disposition: form-data; name="mod\\el"', b"m")), TYPE, id="a name with a backslash"),
        pytest.param(form((b'Content-Disposition: form-data;\r\n name="model"', b"m")), TYPE, id="a folded line"),
        pytest.param(form((b'Content-Disposition: form-data; name="x"\nX: ; name="model"', b"m")), TYPE, id="a bare line feed"),
        pytest.param(form((b'Content-Disposition : form-data; name="model"', b"m")), TYPE, id="a blank before the colon"),
        pytest.param(form((MODEL[0] + b"\r\nContent-Transfer-Encoding: base64", b"bQ==")), TYPE, id="an encoded value"),
        pytest.param(form((MODEL[0] + b"\r\n" + field(b"x", b"")[0], b"m")), TYPE, id="two dispositions"),
        pytest.param(form((b"Content-Type: text/plain", b"m")), TYPE, id="no name"),
        pytest.param(form(field(b"model", b"m\r\nx")), TYPE, id="a model of two lines"),
        pytest.param(form(field(b"model", b"m" * 1_001)), TYPE, id="a model too long"),
        pytest.param(form(field(b"model", b"\xff")), TYPE, id="a model that is no text"),
        pytest.param(b"--b0\r\n" + b"X: y\r\n" * 2_000 + b"\r\n\r\n--b0--\r\n", TYPE, id="a head too long"),
        pytest.param(form(*[field(b"x", b"")] * 1_001), TYPE, id="too many parts"),
    ],
)
def test_a_form_that_can_be_read_in_two_ways_is_refused(body: bytes, type_: bytes) -> None:
    with pytest.raises(InvalidDraft):
        multipart.parse(body, type_)

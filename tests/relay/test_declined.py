"""What a provider is declared not to do is refused before anything is sent; what nobody declared is not looked at."""

import pytest

from app.domain.errors import Unsupported
from app.domain.providers.capabilities import Capabilities, Support
from app.relay import request
from tests.fixtures import make

NOTHING = Capabilities(streaming=Support.NO, tools=Support.NO, json_mode=Support.NO)


def refused(body: str, capabilities: Capabilities = NOTHING) -> str | None:
    """The field that was refused, None when the request may go out."""
    try:
        request.refuse_declined(request.parse(body.encode()), make.endpoint("https://x.example/v1", capabilities=capabilities))
    except Unsupported as error:
        return error.field
    return None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param('{"model":"m","stream":true}', "stream", id="stream"),
        pytest.param('{"model":"m","tools":[{"type":"function"}]}', "tools", id="tools"),
        pytest.param('{"model":"m","functions":[{"name":"f"}]}', "functions", id="functions"),
        pytest.param('{"model":"m","response_format":{"type":"json_object"}}', "response_format", id="JSON"),
        pytest.param('{"model":"m","response_format":{"type":"json_schema","json_schema":{}}}', "response_format", id="a schema"),
        pytest.param('{"model":"m","response_format":{"type":"text"}}', None, id="text"),
        pytest.param('{"model":"m","response_format":null}', None, id="no format"),
        pytest.param('{"model":"m","response_format":"json"}', None, id="a format nobody knows is the provider's to refuse"),
        pytest.param('{"model":"m","stream":false,"tools":[],"functions":null}', None, id="not wanted"),
        pytest.param('{"model":"m","messages":[{"tools":[1],"stream":true}]}', None, id="deeper"),
        pytest.param('{"model":"m"}', None, id="nothing of it"),
    ],
)
def test_a_request_is_held_against_what_was_declared(body: str, field: str | None) -> None:
    assert refused(body) == field
    assert refused(body, Capabilities()) is None
    assert refused(body, Capabilities(streaming=Support.YES, tools=Support.YES, json_mode=Support.YES)) is None

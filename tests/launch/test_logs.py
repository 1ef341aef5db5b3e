"""No secret in a line of the log, whoever wrote it."""

import io
import logging
from collections.abc import Iterator

import pytest

from app import logs
from app.domain.errors import StorageUnavailable
from app.domain.translation import Signing
from app.upstream import sigv4

PLANTED = "planted-7f3a91c2d5e8"
TOKEN = "Zk" * 22


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the process writes to its log."""
    before, root = logging.getLogRecordFactory(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("DEBUG")
    stream = io.StringIO()
    for handler in root.handlers:
        handler.setStream(stream)  # type: ignore[attr-defined] # a StreamHandler
    yield stream
    logging.setLogRecordFactory(before)
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(f"Received event from session x with no associated token. Event data: {{'api_key': '{PLANTED}'}}", id="event data"),
        pytest.param(f"Failed to deserialize event data: {PLANTED}.", id="event that cannot be read"),
        pytest.param(f"Event data must be a dictionary, but received {PLANTED} of type str.", id="event that is no event"),
        pytest.param(f"Error processing entry for Event(name='a.b', router_data={{'cookie': '{PLANTED}'}})", id="whole event"),
        pytest.param(f"Error transforming event payload for handler S.save: cannot convert '{PLANTED}'", id="form that does not fit"),
        pytest.param(f"cookie: a=b; __Host-pb={PLANTED}; c=d", id="safe cookie"),
        pytest.param(f"cookie: pb={PLANTED}", id="plain cookie"),
        pytest.param(f"key pb-abcdefghijkl-{PLANTED} used", id="client key"),
        pytest.param(f"Authorization: Bearer {PLANTED}", id="bearer"),
        pytest.param(f"{{'password': '{PLANTED}', 'x': 1}}", id="password of a form"),
        pytest.param(f'{{"api_key": "{PLANTED}"}}', id="key of a body"),
        pytest.param(f"using sk-{PLANTED}", id="a vendor's key"),
        pytest.param(f"GET /_event/?EIO=4&token={PLANTED}&transport=websocket", id="query of the websocket"),
        pytest.param(f"CanonicalRequest:\nhost:b.example\nx-amz-security-token:{PLANTED}/+=\n\nhost", id="token of a signed request"),
        pytest.param(f"open http://127.0.0.1:8700/setup#{PLANTED}", id="set-up link"),
    ],
)
def test_a_secret_is_left_out_and_the_rest_of_the_line_stays(lines: io.StringIO, message: str) -> None:
    logging.getLogger("reflex.app").warning(message)

    assert PLANTED not in lines.getvalue()
    assert "WARNING reflex.app: " + message[:3] in lines.getvalue()


def test_what_is_signed_for_aws_is_not_logged(lines: io.StringIO) -> None:
    signing = Signing("bedrock", "eu-west-1", "AKIDEXAMPLE000000000", "secret", PLANTED)

    assert sigv4.sign(signing, "POST", "https://b.example/m", b"{}")["x-amz-security-token"] == PLANTED
    assert lines.getvalue() == ""


def test_a_message_stays_on_its_line(lines: io.StringIO) -> None:
    logging.getLogger("granian.access").info('"GET %s" 404', "/x\n2026-11-21T12:00:00Z INFO forged\x1b[31m\r\u2028\u202e")

    assert lines.getvalue().count("\n") == 1
    assert '"GET /x\\n2026-11-21T12:00:00Z INFO forged\\x1b[31m\\r\\u2028\\u202e" 404' in lines.getvalue()


def test_arguments_of_a_line_are_scrubbed_as_well(lines: io.StringIO) -> None:
    logging.getLogger("x").error("cookie %s and %s", f"__Host-pb={PLANTED}", {"password": PLANTED})

    assert PLANTED not in lines.getvalue()


def test_a_traceback_is_scrubbed_as_well(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"Bearer {PLANTED}")
    except ValueError:
        logging.getLogger("asyncio").exception("task failed")

    assert "ValueError" in lines.getvalue()
    assert PLANTED not in lines.getvalue()


def test_the_text_of_an_error_nobody_foresaw_stays_out_and_its_place_stays(lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError(PLANTED)
        except KeyError as error:
            raise RuntimeError(f"cannot save {PLANTED}") from error
    except RuntimeError as error:
        logging.getLogger("x").exception("it failed")
        logging.getLogger("x").error("again: %s", error)

    assert PLANTED not in lines.getvalue()
    assert "\nKeyError\n" in lines.getvalue()
    assert "again: RuntimeError\n" in lines.getvalue()
    assert f"{__file__}:" in lines.getvalue()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(FileNotFoundError(2, "No such file or directory", "/x"), "FileNotFoundError: No such file or directory", id="system"),
        pytest.param(StorageUnavailable("The database does not answer."), "StorageUnavailable: The database does not answer.", id="ours"),
        pytest.param(ValueError(PLANTED), "ValueError", id="anything else"),
    ],
)
def test_what_is_said_of_an_error(error: Exception, said: str) -> None:
    assert logs.kind(error) == said


@pytest.mark.parametrize(
    "message", ["provider groq saved, revision 12", "task-force is not a key", "user ada@example.com signed in", "pb-x"]
)
def test_ordinary_lines_stay_as_they_are(message: str) -> None:
    assert logs.scrub(message) == message


def test_the_access_log_knows_no_query() -> None:
    assert "%(path)s" in logs.ACCESS
    assert "query" not in logs.ACCESS
    assert "header" not in logs.ACCESS

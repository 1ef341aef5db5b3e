"""No secret in a line of the log, whoever wrote it."""

import contextvars
import io
import logging
import re
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from yarl import URL

from app import logs
from app.domain.errors import StorageUnavailable
from app.domain.secret import Secret
from app.logs import rate, rules
from app.upstream.auth import aws_iam
from app.upstream.outgoing import Outgoing
from tests.fixtures.regex_steps import words

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


LINES = {
    "event data": f"Received event from session x with no associated token. Event data: {{'api_key': '{PLANTED}'}}",
    "event that cannot be read": f"Failed to deserialize event data: {PLANTED}.",
    "event that is no event": f"Event data must be a dictionary, but received {PLANTED} of type str.",
    "whole event": f"Error processing entry for Event(name='a.b', router_data={{'cookie': '{PLANTED}'}})",
    "name of an unknown event": f"Error processing event queue entry for Event(name='{PLANTED}', payload={{}})",
    "unknown event": f"No registered handler found for event: {PLANTED}",
    "form that does not fit": f"Error transforming event payload for handler S.save: cannot convert '{PLANTED}'",
    "value of the wrong type": f"Expected field 'S.name' to receive type '<class 'str'>', but got ['{PLANTED}'] of type 'list'.",
    "safe cookie": f"cookie: a=b; __Host-pb={PLANTED}; c=d",
    "plain cookie": f"cookie: pb={PLANTED}",
    "cookie of a device": f"cookie: __Host-pb-device={PLANTED}; pb-device={PLANTED}",
    "client key": f"key pb-abcdefghijkl-{PLANTED} used",
    "bearer": f"Authorization: Bearer {PLANTED}",
    "password of a form": f"{{'password': '{PLANTED}', 'x': 1}}",
    "password with both quotes": f"""{{'password': 'it\\'s "{PLANTED}', 'x': 1}}""",
    "key of a body": f'{{"api_key": "{PLANTED}"}}',
    "a vendor's key": f"using sk-{PLANTED}",
    "query of the websocket": f"GET /_event/?EIO=4&token={PLANTED}&transport=websocket",
    "token of a signed request": f"CanonicalRequest:\nhost:b.example\nx-amz-security-token:{PLANTED}/+=\n\nhost",
    "a provider's key in a query": f"Unclosed connection GET https://api.example.com/v1/models?limit=5&x-my.key={PLANTED} [200 OK]",
    "set-up link": f"open http://127.0.0.1:8700/setup#{PLANTED}",
}


@pytest.mark.parametrize("message", [pytest.param(line, id=name) for name, line in LINES.items()])
def test_a_secret_is_left_out_and_the_rest_of_the_line_stays(lines: io.StringIO, message: str) -> None:
    logging.getLogger("reflex.app").warning(message)

    assert PLANTED not in lines.getvalue()
    assert "WARNING reflex.app: " + message[:3] in lines.getvalue()


def test_what_is_signed_for_aws_is_not_logged(lines: io.StringIO) -> None:
    fields = {"region": "eu-west-1", "access_key_id": "AKIDEXAMPLE000000000"}
    secrets = {"secret_access_key": Secret("secret"), "session_token": Secret(PLANTED)}

    signed = aws_iam.apply(Outgoing("POST", URL("https://b.example/m"), {}, b"{}"), fields, secrets)

    assert signed.headers["x-amz-security-token"] == PLANTED
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


@pytest.mark.parametrize("message", [pytest.param(line, id=name) for name, line in LINES.items()])
def test_a_long_line_is_cut_where_no_secret_is_left_without_what_tells_it(message: str) -> None:
    for place in range(len(message) + 1):
        kept = logs.scrub("." * (rules.LONGEST - place - 1) + " " + message + " y" * 1_000)

        assert not pieces(PLANTED) & pieces(kept), kept[-200:]


def pieces(text: str, length: int = 4) -> set[str]:
    return {text[n : n + length] for n in range(len(text) - length + 1)}


RULES = [pytest.param(pattern, id=pattern.pattern[:40]) for pattern, _ in rules.RULES]


@pytest.mark.parametrize("pattern", RULES)
def test_a_megabyte_of_the_words_of_a_rule_takes_four_times_as_long_as_a_quarter_of_it(pattern: re.Pattern[str]) -> None:
    known = words(pattern)
    assert len(known) >= 3

    for word in known:
        quarter, whole = (word * (size // len(word) + 1) for size in (250_000, 1_000_000))
        assert seconds(lambda text=whole: pattern.sub("", text)) < 10 * seconds(lambda text=quarter: pattern.sub("", text)) + 0.1, word
        assert seconds(lambda text=whole: logs.scrub(text)) < 10 * seconds(lambda text=quarter: logs.scrub(text)) + 0.1, word


def seconds(work: Callable[[], object]) -> float:
    """What it takes of this processor's time; it is ended after ten seconds, which a quadratic rule would need hours for."""

    def end(*_: object) -> None:
        raise AssertionError("it does not end")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10)
    began = time.process_time()
    try:
        work()
        return time.process_time() - began
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(lines: io.StringIO) -> Clock:
    """The clock of the log's rate."""
    made = Clock()
    handler = rate.Log(rate.Rate(made))
    handler.setStream(lines)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().handlers[:] = [handler]
    return made


def say(text: str, *, address: str = "", socket: str = "") -> None:
    """Log a line that an address caused; "" = we did."""

    def log() -> None:
        if address:
            rate.caused_by(address, socket)
        logging.getLogger("x").info(text)

    contextvars.copy_context().run(log)


def test_a_socket_and_an_address_have_so_many_lines_a_minute_and_how_many_were_left_out_is_told(lines: io.StringIO, clock: Clock) -> None:
    for n in range(100):
        say(f"one {n}.", address="192.0.2.1", socket="a")
    for n in range(100):
        say(f"two {n}.", address="192.0.2.1", socket=f"b{n}")
    say("three", address="192.0.2.9", socket="c")
    say("four")

    written = lines.getvalue()
    assert written.count(" one ") == rate.PER_SOCKET
    assert written.count(" two ") == rate.PER_ADDRESS - rate.PER_SOCKET
    assert " three\n" in written and " four\n" in written
    assert "left out" not in written

    clock.now = rate.MINUTE
    rate.tell_left_out()
    rate.tell_left_out()

    told = [line.partition(": ")[2] for line in lines.getvalue().removeprefix(written).splitlines()]
    assert told == [
        "90 lines caused by one socket of 192.0.2.1 (a) were left out within a minute",
        "80 lines caused by 192.0.2.1 were left out within a minute",
    ]
    say("again", address="192.0.2.1", socket="a")
    assert " again\n" in lines.getvalue()


def test_many_addresses_together_have_so_many_lines_a_minute_and_take_no_more_memory(lines: io.StringIO, clock: Clock) -> None:
    for n in range(5_000):
        say(f"line {n}.", address=f"2001:db8::{n:x}", socket=str(n))
    say("ours")

    assert lines.getvalue().count(" line ") == rate.IN_ALL
    assert " ours\n" in lines.getvalue()
    clock.now = rate.MINUTE
    say("ours again")
    assert lines.getvalue().splitlines()[-2].endswith(" lines caused by strangers in all were left out within a minute")


def test_what_a_known_person_causes_is_written_whole(lines: io.StringIO, clock: Clock) -> None:
    def log() -> None:
        rate.caused_by("192.0.2.1")
        rate.caused_by_us()
        for n in range(100):
            logging.getLogger("x").info("line %d.", n)

    contextvars.copy_context().run(log)

    assert lines.getvalue().count(" line ") == 100

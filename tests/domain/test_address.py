import pytest

from app.domain.errors import InvalidDraft
from app.domain.providers.address import AddressNote, normalise, origin_of
from app.domain.providers.provider import ProviderType


@pytest.mark.parametrize(
    ("typed", "base_url", "notes"),
    [
        pytest.param("https://api.openai.com/v1", "https://api.openai.com/v1", (), id="as it should be"),
        pytest.param("https://api.openai.com/v1/", "https://api.openai.com/v1", (), id="trailing slash"),
        pytest.param(" https://api.openai.com/v1 \n", "https://api.openai.com/v1", (), id="blanks around"),
        pytest.param("http://localhost:11434", "http://localhost:11434/v1", (AddressNote.VERSION_ADDED,), id="no path"),
        pytest.param("https://h/v1/v1", "https://h/v1", (AddressNote.VERSION_DOUBLED,), id="doubled version"),
        pytest.param("https://h/v1/v1/v1/", "https://h/v1", (AddressNote.VERSION_DOUBLED,), id="tripled version"),
        pytest.param("https://h/openai/v1/chat/completions", "https://h/openai/v1", (AddressNote.PATH_TRIMMED,), id="pasted task"),
        pytest.param("https://h/v1/models/", "https://h/v1", (AddressNote.PATH_TRIMMED,), id="pasted model list"),
        pytest.param(
            "https://h/chat/completions", "https://h/v1", (AddressNote.PATH_TRIMMED, AddressNote.VERSION_ADDED), id="task without version"
        ),
        pytest.param("api.groq.com/openai/v1", "https://api.groq.com/openai/v1", (AddressNote.SCHEME_ADDED,), id="no scheme"),
        pytest.param("localhost:1234/v1", "http://localhost:1234/v1", (AddressNote.SCHEME_ADDED,), id="no scheme, local"),
        pytest.param("192.168.1.5:8000/v1", "http://192.168.1.5:8000/v1", (AddressNote.SCHEME_ADDED,), id="no scheme, private"),
        pytest.param("https://API.Example.com./v1", "https://api.example.com/v1", (), id="case and trailing dot"),
        pytest.param("https://h:443/v1", "https://h/v1", (), id="default port"),
        pytest.param("http://[::1]:11434/v1", "http://[::1]:11434/v1", (), id="IPv6"),
        pytest.param("https://h/custom/api", "https://h/custom/api", (), id="another path stays"),
    ],
)
def test_an_address_is_normalised_once(typed: str, base_url: str, notes: tuple[AddressNote, ...]) -> None:
    address = normalise(typed)

    assert (address.base_url, address.notes) == (base_url, notes)
    assert normalise(address.base_url).base_url == base_url


@pytest.mark.parametrize("typed", ["https://api.example.com", "https://API.example.com:443/", "https://api.example.com/chat/completions"])
def test_a_vendor_whose_api_lies_at_the_root_keeps_it_there(typed: str) -> None:
    assert normalise(typed, known="https://api.example.com").base_url == "https://api.example.com"
    assert normalise(typed, known="https://elsewhere.example.com").base_url == "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("typed", "base_url"),
    [
        pytest.param("http://localhost:9000", "http://localhost:9000", id="no path"),
        pytest.param("http://localhost:9000/", "http://localhost:9000", id="slash"),
        pytest.param("http://localhost:9000/chat/completions", "http://localhost:9000", id="pasted task"),
        pytest.param("http://localhost:9000/v1", "http://localhost:9000/v1", id="a path stays"),
    ],
)
def test_an_interface_at_the_root_of_its_host_gets_no_version(typed: str, base_url: str) -> None:
    address = normalise(typed, at_root=True)

    assert (address.base_url, AddressNote.VERSION_ADDED in address.notes) == (base_url, False)
    assert address.is_at_root == (not base_url.endswith("/v1"))


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        pytest.param("", "Enter", id="empty"),
        pytest.param("https://{resource}.openai.azure.com/openai/v1", "{resource}", id="placeholder in braces"),
        pytest.param("https://<your-host>/v1", "<your-host>", id="placeholder in angle brackets"),
        pytest.param("ftp://h/v1", "https://", id="other scheme"),
        pytest.param("file:///etc/passwd", "https://", id="file"),
        pytest.param("https://user:word@h/v1", "user name", id="user info"),
        pytest.param("https://user@h/v1", "user name", id="user only"),
        pytest.param("https://@h/v1", "user name", id="empty user"),
        pytest.param("https://h/v1#top", "#", id="fragment"),
        pytest.param("https://h/v1?api-version=1", "?", id="query"),
        pytest.param("https://h/v 1", "spaces", id="space inside"),
        pytest.param("https://h/v1\r\nHost: x", "spaces", id="line break"),
        pytest.param("https://h:0/v1", "", id="port zero"),
        pytest.param("https://h:70000/v1", "", id="port too large"),
        pytest.param("https:///v1", "", id="no host"),
        pytest.param("https://xn--akiaiosfodnn7example", "valid", id="no name in any script"),
        pytest.param("https://;$'[::1]@", "valid", id="brackets in the middle"),
        pytest.param("https://h/" + "a" * 2_100, "too long", id="too long"),
    ],
)
def test_an_address_that_cannot_be_called_is_refused_with_a_sentence(typed: str, word: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        normalise(typed)

    assert word in refused.value.reasons["base_url"]
    assert refused.value.field == "base_url"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.com/v1", "https://example.com:443"),
        ("http://example.com/v1", "http://example.com:80"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example:443"),
        ("https://example.com./v1", "https://example.com:443"),
        ("http://[::1]/v1", "http://[::1]:80"),
    ],
)
def test_an_origin_is_canonical(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("type_", "typed", "base_url"),
    [
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com"),
        ("anthropic", "api.anthropic.com/v1/", "https://api.anthropic.com"),
        ("anthropic", "https://proxy.example/claude/v1/messages", "https://proxy.example/claude"),
        ("bedrock", "https://b.example/model/x:0/converse", "https://b.example"),
        ("azure", "https://mine.openai.azure.com/openai/deployments/d/chat/completions", "https://mine.openai.azure.com"),
        ("azure", "https://mine.openai.azure.com/openai/v1", "https://mine.openai.azure.com"),
    ],
)
def test_the_root_of_a_vendors_own_api_is_found_in_what_was_pasted(type_: str, typed: str, base_url: str) -> None:
    assert normalise(typed, type_=ProviderType(type_)).base_url == base_url

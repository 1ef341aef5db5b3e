"""What people paste, as they paste it."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import presets
from app.domain.pasting.paste_reader import LONGEST, MOST, read
from app.domain.pasting.pasted import Doubt, Pasted, Source

OPENAI = "sk-proj-" + "a1B2" * 12
GROQ = "gsk_" + "c3D4" * 12
ANTHROPIC = "sk-ant-api03-" + "e5F6" * 12


def _read(text: str) -> list[Pasted]:
    return read(text, presets.all_())


def _only(text: str) -> Pasted:
    found = _read(text)
    assert len(found) == 1, found
    return found[0]


def _secret(text: str, found: Pasted) -> str:
    (start, end), *more = found.secrets.values()
    assert not more
    return text[start:end]


@pytest.mark.parametrize(
    ("text", "key", "preset"),
    [
        (OPENAI, OPENAI, "openai"),
        (f"  {GROQ}\n", GROQ, "groq"),
        (f'"{ANTHROPIC}"', ANTHROPIC, "anthropic"),
        (f"Authorization: Bearer {GROQ}", GROQ, "groq"),
    ],
)
def test_a_key_names_its_vendor(text: str, key: str, preset: str) -> None:
    found = _only(text)
    assert (found.source, found.preset, found.base_url, found.doubts) == (Source.KEY, preset, "", ())
    assert _secret(text, found) == key


def test_a_key_that_could_be_of_several_vendors_says_so() -> None:
    assert _only("sk-" + "0a" * 16).doubts == (Doubt.SHARED_PREFIX,)
    unknown = _only("Zm9vYmFy0123456789abcdef")
    assert (unknown.preset, unknown.doubts) == (None, (Doubt.WHICH_VENDOR,))


@pytest.mark.parametrize("text", ["", "hello there", "Please add the new model, thank you", "42", "password", "https", "{}", "a=b", "[]"])
def test_a_text_that_holds_nothing_gives_nothing(text: str) -> None:
    assert _read(text) == []


def test_several_keys_are_several_finds() -> None:
    text = f"{OPENAI}\n{GROQ}\n\n{ANTHROPIC}"
    assert [(f.preset, _secret(text, f)) for f in _read(text)] == [("openai", OPENAI), ("groq", GROQ), ("anthropic", ANTHROPIC)]


CURLS = [
    pytest.param(
        f'curl https://api.groq.com/openai/v1/chat/completions -s \\\n-H "Content-Type: application/json" \\\n'
        f'-H "Authorization: Bearer {GROQ}" \\\n-d \'{{"model": "llama-3.1-8b-instant", "messages": []}}\'',
        Pasted(Source.CURL, "groq", "", "api_key", {}, {}, "llama-3.1-8b-instant"),
        GROQ,
        id="from a vendor's documentation",
    ),
    pytest.param(
        f"curl --request POST --url https://api.anthropic.com/v1/messages --header 'x-api-key: {ANTHROPIC}'",
        Pasted(Source.CURL, "anthropic", "", "api_key"),
        ANTHROPIC,
        id="the vendor's own header",
    ),
    pytest.param(
        f"curl -X POST 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0:generateContent?key=AIza{GROQ}'",
        Pasted(Source.CURL, "gemini", "", "api_key"),
        f"AIza{GROQ}",
        id="the key in the address",
    ),
    pytest.param(
        f'curl.exe "https://acme.openai.azure.com/openai/deployments/chat/chat/completions?api-version=2024" ^\n -H "api-key: {GROQ}"',
        Pasted(Source.CURL, "azure-classic", "https://acme.openai.azure.com", "azure_key"),
        GROQ,
        id="a deployment at Azure, from a Windows prompt",
    ),
    pytest.param(
        f'curl https://acme.openai.azure.com/openai/v1/chat/completions -H"api-key: {GROQ}"',
        Pasted(Source.CURL, "azure-openai", "https://acme.openai.azure.com/openai/v1", "api_key"),
        GROQ,
        id="Azure's other interface",
    ),
    pytest.param(
        f"curl -H 'Authorization: Bearer {GROQ}' https://llm.example.com/v1/models",
        Pasted(Source.CURL, None, "https://llm.example.com/v1", "api_key"),
        GROQ,
        id="a server of one's own",
    ),
    pytest.param(
        f"curl https://llm.example.com/v1/models -H 'X-Api-Key: {GROQ}'",
        Pasted(Source.CURL, None, "https://llm.example.com/v1", "custom_header", {"header_name": "x-api-key"}),
        GROQ,
        id="a header of its own",
    ),
    pytest.param(
        f"curl https://llm.example.com/v1 -H 'Authorization: Token {GROQ}'",
        Pasted(Source.CURL, None, "https://llm.example.com/v1", "custom_header", {"header_name": "Authorization"}),
        f"Token {GROQ}",
        id="another scheme",
    ),
]


@pytest.mark.parametrize(("text", "expected", "key"), CURLS)
def test_a_curl_command_is_understood(text: str, expected: Pasted, key: str) -> None:
    found = _only(text)
    assert _secret(text, found) == key
    assert (found.source, found.preset, found.base_url, found.auth_type, dict(found.auth), found.model, found.doubts) == (
        expected.source, expected.preset, expected.base_url, expected.auth_type, dict(expected.auth), expected.model, (),
    )  # fmt: skip


@pytest.mark.parametrize("masked", ["sk-...0002", "sk-proj-...wxyz", "gsk_...abcd", "••••4f2a", "sk-****", "sk-ant-api03-R2D...igAA"])
@pytest.mark.parametrize(
    "text", ["{}", "Bearer {}", "OPENAI_API_KEY={}", "curl https://api.openai.com/v1/models -H 'Authorization: Bearer {}'"]
)
def test_a_masked_key_is_named_and_never_taken(text: str, masked: str) -> None:
    found = _only(text.format(masked))

    assert (dict(found.secrets), found.doubts) == ({}, (Doubt.MASKED,))


@pytest.mark.parametrize("key", ["$OPENAI_API_KEY", "<your-key>", "YOUR_API_KEY", "${KEY}", "%OPENAI_API_KEY%"])
def test_a_placeholder_is_no_key(key: str) -> None:
    found = _only(f'curl https://api.openai.com/v1/chat/completions -H "Authorization: Bearer {key}"')
    assert (found.preset, dict(found.secrets), found.doubts) == ("openai", {}, (Doubt.NO_KEY,))


def test_a_local_server_needs_no_key() -> None:
    found = _only('curl http://localhost:11434/v1/chat/completions -d \'{"model":"llama3.2"}\'')
    assert (found.preset, found.base_url, found.auth_type, found.model, found.doubts) == (
        "ollama", "http://localhost:11434/v1", "none", "llama3.2", (),
    )  # fmt: skip
    assert [(f.preset, f.base_url) for f in _read("http://192.168.1.5:1234\nhttps://llm.example.com/v1/chat/completions")] == [
        ("lm-studio", "http://192.168.1.5:1234/v1"),
        (None, "https://llm.example.com/v1"),
    ]


def test_an_env_file_is_gathered_by_vendor() -> None:
    text = f"""# providers
export OPENAI_API_KEY="{OPENAI}"   # of the team
OPENAI_MODEL=gpt-4o-mini
GROQ_API_KEY={GROQ}
DATABASE_URL=postgres://u:p@db.example.org/x
AZURE_OPENAI_API_KEY='{GROQ}azure'
AZURE_OPENAI_ENDPOINT=https://acme.openai.azure.com/openai/v1/
INTERNAL_API_KEY={GROQ}own
INTERNAL_BASE_URL=https://llm.example.com/v1
OLLAMA_HOST=http://10.0.0.7:11434
SECRET_KEY=not-for-us-0123456789abcdef
DEBUG=true
"""
    found = {f.variable: f for f in _read(text)}
    assert {name: (f.preset, f.base_url, f.auth_type) for name, f in found.items()} == {
        "OPENAI_API_KEY": ("openai", "", "api_key"),
        "GROQ_API_KEY": ("groq", "", "api_key"),
        "AZURE_OPENAI_API_KEY": ("azure-openai", "https://acme.openai.azure.com/openai/v1", "api_key"),
        "INTERNAL_API_KEY": (None, "https://llm.example.com/v1", "api_key"),
        "OLLAMA": ("ollama", "http://10.0.0.7:11434/v1", "none"),
    }
    assert _secret(text, found["OPENAI_API_KEY"]) == OPENAI
    assert found["OPENAI_API_KEY"].model == "gpt-4o-mini"
    assert _secret(text, found["AZURE_OPENAI_API_KEY"]) == f"{GROQ}azure"
    assert _secret(text, found["INTERNAL_API_KEY"]) == f"{GROQ}own"


def test_a_bare_key_and_an_address_among_variables_are_finds_too() -> None:
    text = f"OPENAI_API_KEY={OPENAI}\n{ANTHROPIC}\nSIGNING=Zm9vYmFy0123456789abcdef\nhttps://llm.example.com/v1\n# the end\n"
    found = _read(text)
    assert [(f.variable, f.preset, f.base_url) for f in found] == [
        ("OPENAI_API_KEY", "openai", ""), ("", "anthropic", ""), ("", None, "https://llm.example.com/v1"),
    ]  # fmt: skip
    assert _secret(text, found[1]) == ANTHROPIC


def test_a_vendors_name_with_another_address_is_that_address() -> None:
    found = _only(f"OPENAI_API_KEY={GROQ}\nOPENAI_BASE_URL=https://api.groq.com/openai/v1")
    assert (found.preset, found.base_url) == ("groq", "")
    found = _only(f"OPENAI_API_KEY={GROQ}\nOPENAI_BASE_URL=https://llm.example.com/v1")
    assert (found.preset, found.base_url) == (None, "https://llm.example.com/v1")


def test_other_ways_to_write_variables() -> None:
    for text in (f"$env:GROQ_API_KEY = '{GROQ}'", f"set GROQ_API_KEY={GROQ}", f"  GROQ_API_KEY: {GROQ}", f'"GROQ_API_KEY": "{GROQ}",'):
        found = _only(text)
        assert (found.preset, _secret(text, found)) == ("groq", GROQ), text


def test_the_access_key_of_aws_is_bedrocks() -> None:
    text = "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY='wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'\nAWS_REGION=eu-west-1"
    found = _only(text)
    assert (found.preset, found.base_url, found.auth_type) == (
        "bedrock-converse", "https://bedrock-runtime.eu-west-1.amazonaws.com", "aws_iam",
    )  # fmt: skip
    assert dict(found.auth) == {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "region": "eu-west-1"}
    assert _secret(text, found) == "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def test_the_file_of_a_service_account_is_vertex_ais() -> None:
    text = '\n {"type": "service_account", "project_id": "acme-1", "private_key": "-----BEGIN"}\n'
    found = _only(text)
    assert (found.preset, found.auth_type, dict(found.auth)) == ("vertex", "google_service_account", {"project": "acme-1"})
    assert _secret(text, found) == text.strip()
    assert (_only("ya29." + "a0" * 20).preset, _only("ya29." + "a0" * 20).auth_type) == ("vertex", "api_key")


# Pieces that are something to one reader or another, put together at random.
SOUP = (
    "curl |https://|http://|xn--|localhost|:99999|:0|[::1]|[|]|@|u:p@|/v1|?key=|#|'|\"|\\|-H |-d |--url=|x-api-key: |{|$'|;| |"
    "OPENAI_API_KEY=|OPENAI_BASE_URL=|A_URL=|AWS_REGION=|AWS_ACCESS_KEY_ID=|AWS_SECRET_ACCESS_KEY=|.openai.azure.com|api.openai.com"
)
PIECES = st.lists(st.sampled_from([*SOUP.split("|"), "\n", "\0", "\ud800", "\u3002", OPENAI, GROQ]), max_size=12).map("".join)


@given(st.text(max_size=300) | st.text(alphabet="curl -H\"'\\\n=:/$sk_APIKEYhttps.0123456789", max_size=300) | PIECES)
@example("see 'curl --help'")
@example("curl https://[a/ -d '" + "[" * 9_000)
@example("http://[a]/v1")
@example("https://xn--akiaiosfodnn7example")
@example("https://;$'[::1]@")
def test_no_text_breaks_it_and_every_place_lies_in_the_text(text: str) -> None:
    found = _read(text)
    assert len(found) <= MOST
    for one in found:
        for start, end in one.secrets.values():
            assert 0 <= start < end <= len(text)
            assert not text[start:end].isspace()


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(("A_KEY=a", " ", "x"), id="blanks in a value"),
        pytest.param(("A_KEY=a", " ,", "x"), id="commas in a value"),
        pytest.param(("A_KEY=a", " ", "b #"), id="blanks before a comment"),
        pytest.param(("A_KEY=a", "\r", "x"), id="carriage returns"),
        pytest.param(("", "a.b:80\n", ""), id="many addresses"),
        pytest.param(("", "https://a\n", ""), id="many short addresses"),
        pytest.param(("", "curl a.b:1\n", ""), id="many commands"),
        pytest.param(("", "A_KEY=abcdefgh\nA_BASE_URL=http://a.b:1\n", ""), id="many variables"),
        pytest.param(("curl '", "a", ""), id="a quote that never ends"),
    ],
)
def test_a_text_that_was_made_to_take_long_takes_a_moment(shape: tuple[str, str, str]) -> None:
    before, filling, after = shape
    text = (before + filling * LONGEST)[: LONGEST - len(after)] + after
    began = time.process_time()

    assert len(_read(text)) <= MOST
    assert time.process_time() - began < 1.5


def test_many_names_are_read_in_a_moment() -> None:
    text = "".join(f"A{n}_KEY={GROQ}\nA{n}_BASE_URL=http://a.b:1/v1\n" for n in range(1_000))
    began = time.process_time()

    assert len(_read(text)) == MOST
    assert time.process_time() - began < 1.5


def test_a_password_in_an_address_and_mixed_up_variables_stay_in_the_text() -> None:
    address = _only(f"OPENAI_BASE_URL=https://ann:hunter-22-planted@llm.example.com/v1\nOPENAI_API_KEY={OPENAI}")
    assert address.base_url == "https://llm.example.com/v1"
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    mixed = _only(f"AWS_ACCESS_KEY_ID={secret}\nAWS_SECRET_ACCESS_KEY=AKIAIOSFODNN7EXAMPLE\nAWS_REGION=eu-west-1")
    assert mixed.auth == {"region": "eu-west-1"}


def test_a_region_makes_no_address_of_another_host() -> None:
    text = "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG\nAWS_REGION=x.evil.example/"
    assert _only(text).base_url == ""

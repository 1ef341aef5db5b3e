"""What never stands in a log: the rules that take secrets, cookies and contents of forms out of a line.

Every rule takes time in proportion to the text, whatever the text is (`tests/laws/test_patterns.py`): strangers choose what many lines
say. A repetition in front of something that must follow has an end.
"""

import re

# Characters of a message that are looked at, and kept.
LONGEST = 4_096
_HIDDEN = "…"
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Order matters: what cuts a whole tail first, then single values.
RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(Event data: |event data: |must be a dictionary, but received |payload for handler [\w.]{1,200}: "
            r"|Expected field .{1,400}?, but got ).*",
            re.DOTALL,
        ),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"(Event\(|handler found for event: ).*", re.DOTALL), rf"\1{_HIDDEN}"),
    (re.compile(r"(__Host-pb|\bpb)((?:-\w{1,20})?)=[^\s;,'\"]+"), rf"\1\2={_HIDDEN}"),
    (re.compile(r"\bpb-[A-Za-z0-9_-]{12,}"), f"pb-{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b(sk|gsk|xai|hf|pplx|AIza)([-_])[\w-]{12,}"), rf"\1\2{_HIDDEN}"),
    (re.compile(r"(?i)(x-amz-security-token:\s*)[^\s\\]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"/setup#[^&\s'\"]+"), f"/setup#{_HIDDEN}"),
    # A provider may want its key in a parameter of any name.
    (re.compile(r"([?&][\w.~%-]{1,80}=)[^&\s'\"<>]+"), rf"\1{_HIDDEN}"),
    (
        # A quote that is never closed holds the rest of the line.
        re.compile(
            r"(?i)((?:password|api_?key|x-api-key|authorization|cookie|secret\w{0,40}|header_value|session_token)['\"]?\s{0,9}[:=]\s{0,9})"
            r"(['\"])(?:\\.|(?!\2).)*(?:\2|\Z)",
            re.DOTALL,
        ),
        rf"\1\2{_HIDDEN}\2",
    ),
)


def scrub(text: str) -> str:
    """The text, or as much of it as a log keeps, without anything that looks like a secret, a cookie or the content of a form."""
    text = cut(text)
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def cut(text: str) -> str:
    """The beginning of a long text, up to a blank. A secret that began before the end would lose what a rule knows it by; no secret
    that stands without quotes holds a blank, so it is left out whole. One in quotes is known by how it begins."""
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST]
    end = max(kept.rfind(" "), kept.rfind("\n"), kept.rfind("\t"), 0)
    return f"{kept[:end]} {_HIDDEN} ({len(text) - end} characters left out)"


def on_one_line(text: str) -> str:
    """The text with every character that could begin a line or dress one up written out: whoever chooses a path or an error text must
    not write lines of their own."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)

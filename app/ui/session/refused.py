"""The page for a browser whose request the wall refused: the same sentence that programs get as JSON, in a language the browser asks for.

Complete in itself: whoever is refused would be refused the parts of a page, too.
"""

from html import escape

from app import settings
from app.ui import i18n

_LONGEST = 200  # of a wish for languages that is read
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Patchbay</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto 0; padding: 0 1.5rem; overflow-wrap: anywhere }}
h1 {{ font-size: 1.5rem; line-height: 1.25 }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
{onward}</main>
</body>
</html>
"""
_ONWARD = '<p><a href="{path}">{label}</a></p>\n'


def page(code: str, differs: str, wish: str, host: str) -> bytes | None:
    """The page, or None where there is none for this refusal. `differs`: in what a foreign address does; `wish`: the Accept-Language
    header."""
    language = preferred(wish)
    if (text := _text(language, code, differs, host)) is None:
        return None
    onward = _ONWARD.format(path=escape(f"{settings.current().base_path}/"), label=escape(i18n.say(language, "refused.back")))
    written = _PAGE.format(
        language=language,
        title=escape(i18n.say(language, "refused.title")),
        text=escape(text),
        onward=onward if code == "foreign_origin" else "",  # by an address that is not ours the way would end here again
    )
    return written.encode()


def _text(language: str, code: str, differs: str, host: str) -> str | None:
    match code, differs:
        case "bad_host", _:
            return i18n.say(language, "refused.bad_host")
        case "unknown_host", _:
            return i18n.say(language, "connection.host", host=host)
        case "foreign_origin", "port":
            return i18n.say(language, "refused.port")
        case "foreign_origin", "scheme":
            return i18n.say(language, "refused.scheme")
        case "foreign_origin", _:
            return i18n.say(language, "refused.foreign")
    return None  # what no browser asks for as a page stays JSON


def preferred(wish: str) -> str:
    """The first language of ours in an Accept-Language header by its weights, else English."""
    known = i18n.languages()
    wanted = [(_weight(part), part.split(";")[0].strip().split("-")[0].lower()) for part in wish[:_LONGEST].split(",")]
    ours = [(weight, code) for weight, code in wanted if weight > 0 and code in known]
    return max(ours, key=lambda found: found[0])[1] if ours else i18n.ENGLISH  # of equal ones the first


def _weight(part: str) -> float:
    written = part.partition(";")[2].strip().removeprefix("q=")
    try:
        return float(written) if written else 1.0
    except ValueError:
        return 0.0

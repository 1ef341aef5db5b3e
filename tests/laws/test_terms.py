"""The words that `docs/terms.md` rules out are in no text: catalogues, recovery kit, known providers, documentation and messages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command, Context

from app import presets
from app.cli import commands
from app.ui import i18n
from tests.laws import source

ROOT = Path(__file__).parents[2]
TERMS = ROOT / "docs" / "terms.md"
PROSE = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(set((ROOT / "docs").rglob("*.md")) - {TERMS})]
ENGLISH = i18n.ENGLISH
OF_VIETNAMESE = re.compile(r"\bhãy\b", re.IGNORECASE)


def never(language: str) -> re.Pattern[str]:
    """What the term table rules out in this language; nothing where it has no line."""
    line = next((line for line in TERMS.read_text("utf-8").splitlines() if line.startswith(f"- {language}: ")), "")
    parts = (rf"(?<!\w){part}(?!\w)" if part.isascii() and part[0].isalpha() else part for part in re.findall(r"`([^`]+)`", line))
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def forms(text: i18n.Text) -> list[str]:
    """The text, or each of its plural forms."""
    return [text] if isinstance(text, str) else list(text.values())


def told(language: str) -> Iterator[tuple[str, str]]:
    """Where → text, of everything a reader of this language is told."""
    yield from ((key, form) for key, text in i18n.catalogues()[language].items() for form in forms(text))
    for known in presets.all_():
        yield f"presets/{known.id}", known.description if language == ENGLISH else known.description_in.get(language, "")


def ruled_out(language: str, texts: Iterator[tuple[str, str]]) -> list[str]:
    """Where a word stands that the table rules out."""
    pattern = never(language)
    return [f"{where}: {found[0]!r} in {text[:80]!r}" for where, text in texts if (found := pattern.search(text))]


def sentences(module: source.Module) -> Iterator[tuple[str, str]]:
    """Messages of a module: texts with a beginning and an end that are no documentation."""
    told_of = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in told_of else None
        if isinstance(text, str) and re.match(r"[A-Z].* .*\.( |$)", text, re.DOTALL):
            yield f"{module.name}:{node.lineno}", text


def help_texts(command: Command, name: str = "patchbay") -> Iterator[tuple[str, str]]:
    """What `--help` says of a command, its parameters and the commands below it."""
    yield name, command.help or ""
    for parameter in command.get_params(Context(command)):
        yield f"{name} {parameter.name}", str(getattr(parameter, "help", "") or "")
    for below in getattr(command, "commands", {}).values():
        yield from help_texts(below, f"{name} {below.name}")


def prose() -> Iterator[tuple[str, str]]:
    """Every line of the documentation, without what stands there as code."""
    for file in PROSE:
        for number, line in enumerate(re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL).splitlines(), 1):
            yield f"{file.name}:{number}", re.sub(r"`[^`]*`", "", line)


@pytest.mark.parametrize("language", sorted(i18n.languages()))
def test_no_text_says_what_the_term_table_rules_out(language: str) -> None:
    assert ruled_out(language, told(language)) == []


def test_no_message_of_rest_and_the_command_line_says_what_the_term_table_rules_out() -> None:
    modules = source.read(ROOT, "app").modules
    messages = [found for module in modules for found in sentences(module)]

    assert len(messages) > 300
    assert ruled_out(ENGLISH, iter(messages)) == []


def test_no_help_of_the_command_line_says_what_the_term_table_rules_out() -> None:
    texts = list(help_texts(commands.app))

    assert len(texts) > 100
    assert ruled_out(ENGLISH, iter(texts)) == []


def test_no_page_of_the_documentation_says_what_the_term_table_rules_out() -> None:
    assert ruled_out(ENGLISH, prose()) == []


def test_vietnamese_asks_with_hay_once_in_a_text_and_never_below_a_field() -> None:
    texts = i18n.catalogues()["vi"]
    wrong = {key for key, text in texts.items() for form in forms(text) if len(OF_VIETNAMESE.findall(form)) > ("help" not in key)}

    assert wrong == set()


@pytest.mark.parametrize("language", sorted(i18n.languages()))
def test_a_figure_and_its_unit_stand_in_one_line(language: str) -> None:
    texts = [(key, form) for key, text in i18n.catalogues()[language].items() for form in forms(text)]

    assert len([form for _, form in texts if "}\u00a0ms" in form]) > 3
    assert [key for key, form in texts if re.search(r"\} (ms|s)\b", form)] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("en", "Requests are refused at once.", id="en"),
        pytest.param("en", "{n} % of requests", id="a space before the sign"),
        pytest.param("vi", "Cuộc gọi đi đến đâu?", id="vi"),
        pytest.param("zh", "最多 {n} 个词元", id="zh"),
        pytest.param("zh", "此账户", id="an account of money is another word"),
    ],
)
def test_a_planted_word_is_found(language: str, text: str) -> None:
    assert ruled_out(language, iter([("planted", text)])) != []


def test_what_only_looks_like_one_is_not_found() -> None:
    assert ruled_out("en", iter([("a", "Nobodyish, improven, at oncee; 100% within a minute.")])) == []
    assert ruled_out("zh", iter([("a", "账户余额，审计日志")])) == []
    assert ruled_out("xx", iter([("a", "at once")])) == []


def test_a_message_is_told_from_documentation() -> None:
    planted = source.Module("planted", '"""At once."""\ndef f():\n    """Somebody goes on. Yes."""\n    raise E("Nobody is here. Wait.")\n')

    assert list(sentences(planted)) == [("planted:4", "Nobody is here. Wait.")]

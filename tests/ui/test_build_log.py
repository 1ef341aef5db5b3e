"""Of a failed build's output, the mistake: raised here as the builder raises it, and read out of a hundred other lines."""

import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from app import languages, presets
from app.ui import i18n
from app.ui.build import build_log

ROOT = Path(__file__).parents[2]
NOISE = "\n".join(f"[{n:02}/99] Compiling: Page {n}" for n in range(99))


def raised(act: Callable[[], object]) -> str:
    """The output of a builder in which this was raised."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - as the interpreter would print it
        told = "".join(traceback.format_exception(error))
        for kind in (presets.BadPreset, languages.BadLanguage, i18n.UnknownWord):
            told = told.replace(f"{kind.__module__}.{kind.__qualname__}", f"{kind.__module__}.{kind.__name__}")
        return f"{NOISE}\n{told}Happened while evaluating page 'index'\n{NOISE}"
    raise AssertionError("nothing was raised")


def bad_preset(folder: Path) -> str:
    (folder / "acme.toml").write_text("label = 3\n")
    return raised(lambda: presets.load(folder))


def bad_toml(folder: Path) -> str:
    (folder / "xx.toml").write_text('[shell]\nskip = "a"\n[broken\n')
    return raised(lambda: languages.read(folder / "xx.toml"))


def not_text(folder: Path) -> str:
    (folder / "xx.toml").write_bytes(b'[shell]\nskip = "\xff"\n')
    return raised(lambda: languages.read(folder / "xx.toml"))


def unknown_word(folder: Path) -> str:
    def draw() -> None:
        i18n.t("shell.no_such_text")
        i18n.t("card.models")
        i18n.check()

    try:
        return raised(draw)
    finally:
        i18n._misfits.clear()


def misfits(folder: Path) -> str:
    (folder / "xx.toml").write_text('[language]\nname = "X"\n[common]\nsafe = "S"\n[card]\nmodels = "M"\n')
    xx = languages.read(folder / "xx.toml")

    def check() -> None:
        raise languages.BadLanguage("\n".join(languages.misfits(xx, i18n.catalogues()["en"])))

    return raised(check)


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        pytest.param(bad_preset, "presets/acme.toml:1: label: ", id="preset"),
        pytest.param(bad_toml, "app/languages/xx.toml:3: this is not valid TOML: ", id="language"),
        pytest.param(not_text, "app/languages/xx.toml:1: the file cannot be read as UTF-8", id="language, not text"),
    ],
)
def test_the_mistake_is_found(tmp_path: Path, output: Callable[[Path], str], begins: str) -> None:
    found = build_log.cause(output(tmp_path), ROOT)

    assert found.startswith(begins), found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize(
    ("output", "told"),
    [
        pytest.param(
            unknown_word,
            ["tests/ui/test_build_log.py:… there is no text “shell.no_such_text”", "tests/ui/test_build_log.py:… “card.models” asks for"],
            id="texts that are nowhere",
        ),
        pytest.param(
            misfits,
            [
                "app/languages/xx.toml:4: “common.safe” is no key of the English texts",
                "app/languages/xx.toml:6: “card.models” must have plural",
            ],
            id="a language",
        ),
    ],
)
def test_several_mistakes_are_told_at_once(tmp_path: Path, output: Callable[[Path], str], told: list[str]) -> None:
    found = build_log.cause(output(tmp_path), ROOT).splitlines()

    assert [bool(re.match(re.escape(begins).replace("…", r"\d+:"), line)) for begins, line in zip(told, found, strict=True)] == [
        True,
        True,
    ], found


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        pytest.param("def content(:\n", "page.py:1: SyntaxError: ", id="syntax"),
        pytest.param("def content():\n    return nothing\n\n\ncontent()\n", "page.py:2: NameError: name 'nothing'", id="a name"),
        pytest.param("import no_such_module\n", "page.py:1: ModuleNotFoundError: ", id="an import"),
    ],
)
def test_a_page_that_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, begins: str) -> None:
    (tmp_path / "page.py").write_text(text)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import page"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert build_log.cause(f"{NOISE}\n{said}", tmp_path).startswith(begins), said


@pytest.mark.parametrize("output", ["", NOISE, "npm error code E404\nnpm error 404 Not Found", "Error: something failed"])
def test_what_names_no_mistake_of_ours_is_left_to_the_reader(output: str) -> None:
    assert build_log.cause(output, ROOT) == ""

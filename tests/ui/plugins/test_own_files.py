"""The plug-in that carries our files into a build also ends it where a page asks for a text that is nowhere."""

from pathlib import Path

import pytest

from app.ui import i18n
from app.ui.build.plugins import own_files
from app.ui.build.reflex_config import plugins

ROOT = Path(__file__).parents[3]


def test_a_build_ends_before_its_seal_where_a_page_asked_for_a_text_that_is_nowhere() -> None:
    order = [type(plugin).__name__ for plugin in plugins()]
    assert order.index("OwnFilesPlugin") < order.index("SealPlugin")
    i18n.t("card.nothing")

    with pytest.raises(i18n.UnknownWord, match=r"card\.nothing"):
        own_files.OwnFilesPlugin().post_build(static_dir="")
    i18n._misfits.clear()


def test_no_plug_in_relies_on_a_step_that_an_export_leaves_out() -> None:
    """Reflex 0.10.1 calls `post_compile` where it serves, never in `reflex export`."""
    assert [file.name for file in (ROOT / "app/ui/build").rglob("*.py") if "def post_compile" in file.read_text("utf-8")] == []

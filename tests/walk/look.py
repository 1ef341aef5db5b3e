"""The page as the oracles see it: one record, read in one go once nothing stirs any more."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.test_every_page import FRAMES
from tests.walk.marks import SECRET

HERE = Path(__file__).parent
WATCH = (HERE / "watch.js").read_text("utf-8")
_LOOK = (HERE / "look.js").read_text("utf-8")
_STILL = """([quiet, longest]) => new Promise((done) => {
  const begin = performance.now();
  const ask = () => {
    const now = performance.now();
    if (!window.__walk || now - window.__walk.last >= quiet || now - begin >= longest) done(null);
    else setTimeout(ask, 15);
  };
  setTimeout(ask, 15);
})"""


@dataclass(frozen=True)
class Text:
    """A text in view or read out. `own`: in a language of its own, as the names of languages are. `code`: an address, an id, a snippet."""

    text: str
    own: bool = False
    code: bool = False


@dataclass(frozen=True)
class Dialog:
    """What lies on top of the page. A popover belongs to its button and stays where it is; `kind`: which dialog of the console it is;
    `asks`: the question before something is lost."""

    role: str
    title: str
    popover: bool = False
    kind: str = ""
    asks: bool = False


@dataclass(frozen=True)
class Row:
    """A provider of a list, or a row of a table. `on`: its switch, None where it has none; `parts`: its texts."""

    name: str
    on: bool | None = None
    parts: tuple[str, ...] = ()
    second: str = ""


@dataclass(frozen=True)
class Look:
    """One look at a page. `document` is another one after each full load; `focus` is "" where nothing has it; `tabs`: their values,
    and which one is open; `narrowing`: what is searched and filtered."""

    document: str = "d"
    path: str = "/"
    query: str = ""
    title: str = "Patchbay"
    language: str = "en"
    texts: tuple[Text, ...] = ()
    dialogs: tuple[Dialog, ...] = ()
    busy: tuple[str, ...] = ()
    sticking: tuple[str, ...] = ()
    cards: tuple[Row, ...] = ()
    rows: tuple[Row, ...] = ()
    focus: str = "button"
    toasts: tuple[str, ...] = ()
    narrowing: dict[str, Any] = field(default_factory=dict)
    tabs: tuple[tuple[str, bool], ...] = ()
    headings: tuple[str, ...] = ()
    pulse: tuple[str, ...] = ()  # classes of the dot beside “Live”
    waiting: bool = False
    markup: str = ""  # where something like a secret stands in it, with what stands before it
    stored: str = ""


def still(page: Page, quiet: int = 60, longest: int = 2_500) -> None:
    """Wait until neither the page nor its socket has stirred for `quiet` ms."""
    page.evaluate(_STILL, [quiet, longest])


def look(page: Page) -> Look:
    """The page as it is."""
    return of(page.evaluate(_LOOK, [FRAMES, SECRET]))


def of(read: dict[str, Any]) -> Look:
    """The record of what `look.js` read."""
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
    return Look(
        **plain
        | {
            "language": read["language"].split("-")[0],  # of zh-Hans the catalogue is zh
            "texts": tuple(Text(**text) for text in read["texts"]),
            "dialogs": tuple(Dialog(**dialog) for dialog in read["dialogs"]),
            "cards": tuple(Row(card["name"], card["on"], tuple(card["parts"]), card["label"]) for card in read["cards"]),
            "tabs": tuple((name, is_open) for name, is_open in read["tabs"]),
            "rows": tuple(
                Row(row["head"][0] if row["head"] else "", row["on"], tuple(row["parts"]), row["head"][-1] if row["head"] else "")
                for row in read["rows"]
            ),
        }
    )

"""The built pages: fresh or stale, replaced in one step, kept when a build fails."""

import gzip
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from app.ui.build import bundle, content_policy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the kinds of files pages are made from."""
    for name in ("app/ui/pages", "app/languages", "app/domain", "app/upstream/auth", "presets", "assets"):
        (tmp_path / name).mkdir(parents=True)
    for name in (
        "rxconfig.py",
        "app/main.py",
        "app/ui/pages/a.py",
        "app/languages/en.toml",
        "presets/p.toml",
        "assets/a.svg",
        "app/presets.py",
    ):
        (tmp_path / name).write_text(name)
    return tmp_path


def built(work: Path, text: str = "page") -> None:
    """What a finished build leaves."""
    (work / "build/client/assets").mkdir(parents=True, exist_ok=True)
    (work / "build/client/index.html").write_text(text)
    (work / "backend").mkdir(exist_ok=True)
    (work / "backend/stateful_pages.json").write_text("[]")
    (work / "build" / bundle.SEAL).write_text(json.dumps({"sources": bundle.sources(), "schema": "s"}))


@pytest.mark.parametrize("name", ["app/ui/pages/a.py", "app/languages/en.toml", "assets/a.svg", "rxconfig.py"])
def test_a_changed_source_makes_another_digest(tree: Path, name: str) -> None:
    before = bundle.sources(tree)

    (tree / name).write_text("changed")

    assert bundle.sources(tree) != before


def test_a_preset_is_data_and_needs_no_other_pages(tree: Path) -> None:
    before = bundle.sources(tree)

    (tree / "presets/p.toml").write_text("changed")
    (tree / "presets/new.toml").write_text("new")

    assert bundle.sources(tree) == before


def test_a_new_page_makes_another_digest_and_its_compiled_form_does_not(tree: Path) -> None:
    before = bundle.sources(tree)
    (tree / "app/ui/pages/__pycache__").mkdir()
    (tree / "app/ui/pages/__pycache__/a.pyc").write_text("x")
    assert bundle.sources(tree) == before

    (tree / "app/ui/pages/b.py").write_text("")

    assert bundle.sources(tree) != before


def test_a_bundle_is_missing_then_ready_then_stale(tmp_path: Path) -> None:
    work, home = tmp_path / "work", tmp_path / "home"
    assert bundle.state(home) == "missing"

    built(work)
    bundle.install(work, home)
    assert (bundle.state(home), bundle.schema(home)) == ("ready", "s")

    (home / bundle.SEAL).write_text('{"sources": "of yesterday"}')
    assert bundle.state(home) == "stale"

    (home / bundle.SEAL).write_text("{cut off")
    assert bundle.state(home) == "missing"


def test_installing_replaces_everything_and_leaves_nothing_beside(tmp_path: Path) -> None:
    work, home = tmp_path / "work", tmp_path / "home"
    built(work, "old")
    bundle.install(work, home)
    (home / "build/client/gone.html").write_text("x")
    shutil.rmtree(work)
    built(work, "new")

    bundle.install(work, home)

    assert (home / "build/client/index.html").read_text() == "new"
    assert not (home / "build/client/gone.html").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "work"]


def test_an_installation_that_was_interrupted_does_not_hinder_the_next(tmp_path: Path) -> None:
    work, home = tmp_path / "work", tmp_path / "home"
    built(work)
    (tmp_path / "home.new").mkdir()
    (tmp_path / "home.old").mkdir()

    bundle.install(work, home)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "work"]


def test_a_failed_build_says_what_the_builder_said_and_keeps_the_old_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, home = tmp_path / "cache/web", tmp_path / "home"
    work.mkdir(parents=True)
    built(work, "old")
    bundle.install(work, home)
    builder = tmp_path / "python"
    builder.write_text('#!/bin/sh\necho "compiling"\necho "ValueError: the page is wrong"\nexit 1\n')
    builder.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(builder))
    said: list[str] = []

    with pytest.raises(bundle.BuildFailed, match="ValueError: the page is wrong"):
        bundle.build(said.append, home=home, work=work)

    assert (home / "build/client/index.html").read_text() == "old"
    assert said


def test_a_mistake_in_a_file_of_ours_is_the_whole_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "cache/web"
    work.mkdir(parents=True)
    output = (
        "compiling\n" * 100
        + "Traceback (most recent call last):\napp.presets.BadPreset: acme.toml:3: label: Input should be a valid string"
    )
    builder = tmp_path / "python"
    builder.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit 1\n")
    builder.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(builder))

    with pytest.raises(bundle.BuildFailed) as failed:
        bundle.build(print, home=tmp_path / "home", work=work)

    assert failed.value.message.startswith("The pages could not be built. presets/acme.toml:3: label: Input should be a valid string.")
    assert len(failed.value.message.splitlines()) == 1


def test_without_node_the_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(bundle.BuildFailed, match=r"requirements-build\.lock"):
        bundle.build(print, home=tmp_path / "home", work=tmp_path / "cache/web")


def test_the_builder_reports_to_nobody_and_asks_the_registry_that_npm_is_set_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "https://npm.example.com/")

    environment = bundle.environment(tmp_path / "cache/web")

    assert environment["REFLEX_TELEMETRY_ENABLED"] == environment["REFLEX_CHECK_LATEST_VERSION"] == "false"
    assert environment["NPM_CONFIG_REGISTRY"] == "https://npm.example.com/"
    assert Path(environment["REFLEX_DIR"]).is_relative_to(tmp_path)


def test_what_the_pages_are_built_from_is_pinned_by_hash_and_names_no_address() -> None:
    locked = json.loads((bundle.ROOT / "reflex.lock/package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in locked["packages"].items() if name}

    assert [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


PAGE = (
    '<html><head><link href="/favicon.svg" rel="icon"/><link href="/assets/a-1.css"/><link href="//cdn.example/x"/></head><body>'
    '<a href="/providers">x</a><a href="https://example.com/assets/">y</a><form action="/auth/login"></form>'
    '<script>window.__reactRouterContext = {"basename":"/","future":{}}</script><script type="module">import "/assets/m-2.js";</script>'
    "</body></html>"
)
SCRIPT = 'm={url:"/assets/a-1.js"};a("form",{action:"/auth/login"});b=`url(/logos/${n}.svg)`;c="/favicon.svg";d="/providers";e="x/assets/y"'


def test_a_bundle_is_copied_for_a_path_of_a_host_and_stays_as_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    client = home / "build" / "client"
    (client / "assets").mkdir(parents=True)
    for name, text in {"index.html": PAGE, "assets/a-1.js": SCRIPT, "assets/a-1.css": "@font-face{src:url(/assets/f.woff2)}"}.items():
        (client / name).write_text(text)
    (client / "assets" / "a-1.js.gz").write_bytes(b"of before")
    target = tmp_path / "data" / "pages"
    target.mkdir(parents=True)
    (target / "of-before").touch()

    assert bundle.place("/tools/llm", target, home) == target

    placed = target / "build" / "client"
    script = (placed / "assets" / "a-1.js").read_text()
    assert script == (
        'm={url:"/tools/llm/assets/a-1.js"};a("form",{action:"/tools/llm/auth/login"});b=`url(/tools/llm/logos/${n}.svg)`;'
        'c="/tools/llm/favicon.svg";d="/providers";e="x/assets/y"'
    )
    assert gzip.decompress((placed / "assets" / "a-1.js.gz").read_bytes()).decode() == script
    assert (placed / "assets" / "a-1.css").read_text() == "@font-face{src:url(/tools/llm/assets/f.woff2)}"
    html = (placed / "index.html").read_text()
    parts = (
        'href="/tools/llm/favicon.svg"',
        'href="/tools/llm/assets/a-1.css"',
        'href="//cdn.example/x"',
        'href="/tools/llm/providers"',
        'href="https://example.com/assets/"',
        'action="/tools/llm/auth/login"',
        '"basename":"/tools/llm"',
        'import "/tools/llm/assets/m-2.js"',
    )
    assert [part for part in parts if part not in html] == []
    inline = re.findall(r"<script[^>]*>(.*?)</script>", html)
    assert len(inline) == 3
    assert all(content_policy.digest(text) in html for text in inline)
    assert not (target / "of-before").exists()
    assert (client / "index.html").read_text() == PAGE

"""Which scripts a page may run."""

from pathlib import Path

import pytest

from app.ui.build import content_policy
from app.ui.build.plugins.policy import PolicyPlugin

PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><script src="/a.js"></script></head>'
    "<body><script>one()</script></body></html>"
)


def test_the_policy_stands_before_everything_it_rules() -> None:
    assert content_policy.guarded(PAGE).index("Content-Security-Policy") < content_policy.guarded(PAGE).index("charSet")


def test_only_own_files_and_the_inline_scripts_of_the_page_may_run() -> None:
    text = content_policy.guarded(PAGE)

    assert f"script-src 'self' 'sha256-{content_policy.digest('one()')}';" in text
    assert "'unsafe-inline'" not in text.split("style-src")[0]
    assert "unsafe-eval" not in text


def test_a_script_of_several_lines_with_attributes_is_hashed_as_it_stands() -> None:
    script = "\nif (a < b) {\n  go('</scr' + 'ipt>');\n}\n"

    assert content_policy.digest(script) in content_policy.guarded(
        PAGE.replace("<script>one()", f'<script type="module" async="">{script}')
    )


def test_a_page_that_was_changed_gets_a_policy_in_place_of_the_old_one() -> None:
    changed = content_policy.guarded(content_policy.guarded(PAGE).replace("one()", "two()"))

    assert changed == content_policy.guarded(PAGE.replace("one()", "two()"))


def test_a_page_without_a_head_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<p>no head</p>")

    with pytest.raises(RuntimeError, match="no head"):
        PolicyPlugin().post_build(static_dir=tmp_path)

"""One bundle for every host and port."""

from pathlib import Path

import pytest

from app.ui.plugins import same_origin

BUILT = 'var e={PING:`http://same-origin.invalid/ping`,EVENT:`ws://same-origin.invalid/_event`,A:"http://same-origin.invalid"};'


def test_every_address_becomes_where_the_page_came_from(tmp_path: Path) -> None:
    script = tmp_path / "env.js"
    script.write_text(BUILT)

    assert same_origin.rewrite(script) == 3

    text = script.read_text()
    assert "same-origin.invalid" not in text
    assert "PING:((globalThis.location?globalThis.location.origin:`http://localhost`)+`/ping`)" in text
    assert "EVENT:((globalThis.location?globalThis.location.origin:`http://localhost`).replace(/^http/,`ws`)+`/_event`)" in text


def test_a_script_without_the_address_stays_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text("const x = 1;")

    assert same_origin.rewrite(script) == 0
    assert script.read_text() == "const x = 1;"


@pytest.mark.parametrize("text", ["const x = 1;", "const a = 'x' + '//same-origin.invalid/' + y;"], ids=["nowhere", "in another form"])
def test_a_build_that_writes_addresses_in_another_way_fails(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.js").write_text(text)

    with pytest.raises(RuntimeError):
        same_origin.SameOriginPlugin().post_build(static_dir=tmp_path)

"""One bundle for every host, port and path."""

from pathlib import Path

import pytest

from app.ui.build.plugins import same_origin

BUILT = 'var e={PING:`http://same-origin.invalid/ping`,EVENT:`ws://same-origin.invalid/_event`,A:"http://same-origin.invalid"};'


def test_every_address_becomes_where_the_page_came_from(tmp_path: Path) -> None:
    script = tmp_path / "env.js"
    script.write_text(BUILT)

    assert same_origin.rewrite(script) == 3

    text = script.read_text()
    assert "same-origin.invalid" not in text
    assert "PING:((globalThis.location?globalThis.location.origin:`http://localhost`)+(globalThis.__reactRouterContext" in text
    assert "EVENT:((globalThis.location?globalThis.location.origin:`http://localhost`).replace(/^http/,`ws`)+`/_event`)" in text


def test_no_host_loses_its_port(tmp_path: Path) -> None:
    script = tmp_path / "state.js"
    script.write_text("const S=[`localhost`,`0.0.0.0`,`::`,`0:0:0:0:0:0:0:0`];const T=[`localhost`]")

    assert same_origin.keep_port(script) == 1
    assert script.read_text() == "const S=[];const T=[`localhost`]"


def test_the_socket_opens_below_the_path_of_the_page(tmp_path: Path) -> None:
    script = tmp_path / "state.js"
    script.write_text("s=(t,d)=>io(t.href,{path:t.pathname,transports:d});u=(t,x)=>f(x.href,{path:t.pathname,a:1})")

    assert same_origin.place_socket(script) == 1
    assert (
        "io(t.href,{path:(globalThis.__reactRouterContext?.basename??``).replace(/\\/$/,``)+t.pathname,transports:d})" in script.read_text()
    )


def test_a_script_without_the_address_stays_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text("const x = 1;")

    assert same_origin.rewrite(script) == 0
    assert script.read_text() == "const x = 1;"


ALL = BUILT + "const S=[`localhost`,`0.0.0.0`,`::`,`0:0:0:0:0:0:0:0`];io(t.href,{path:t.pathname,a:1});"


def test_a_build_with_everything_in_its_place_is_changed(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(ALL)

    same_origin.SameOriginPlugin().post_build(static_dir=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("const x = 1;", id="nowhere"),
        pytest.param("const a = 'x' + '//same-origin.invalid/' + y;", id="in another form"),
        pytest.param(ALL.replace("`::`", "`[::]`"), id="other hosts"),
        pytest.param(ALL.replace("path:t.", "path:u."), id="another socket"),
    ],
)
def test_a_build_that_writes_them_in_another_way_fails(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.js").write_text(text)

    with pytest.raises(RuntimeError):
        same_origin.SameOriginPlugin().post_build(static_dir=tmp_path)

"""A text that is shown in part ends with an ellipsis, and is never longer than its place."""

import pytest

from app.domain.shortened import shortened


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        pytest.param("Hello", 5, "Hello", id="fits"),
        pytest.param("Hello you", 7, "Hello…", id="no blank before the ellipsis"),
        pytest.param("One moment, please", 12, "One moment…", id="no comma either"),
        pytest.param("Wörter ohne Ende", 8, "Wörter…", id="characters, not bytes"),
        pytest.param("", 3, "", id="nothing"),
    ],
)
def test_it_says_that_something_is_missing(text: str, most: int, shown: str) -> None:
    assert shortened(text, most) == shown
    assert len(shown) <= most

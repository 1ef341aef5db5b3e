"""A text that is shown in part says so."""


def shortened(text: str, most: int) -> str:
    """The text, or as much of it as fits into `most` characters with an ellipsis behind.

    >>> shortened("One moment, please", 11)
    'One moment…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip(" ,;") + "…"

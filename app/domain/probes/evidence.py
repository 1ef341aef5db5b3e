"""Whose evidence a test or a call is: results are kept with the marks of the keys that they speak of, and say nothing once none of those is
in place any more. So a change of one key takes nothing from what others have proven.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping

MOST = 8  # keys that one call is said to have tried: one that is still in place is enough
_SET = "="


def mark(fingerprints: Mapping[str, str]) -> str:
    """The mark of a key, from the fingerprints of its fields. Of a key with one field it is that fingerprint."""
    return "+".join(fingerprint for _, fingerprint in sorted(fingerprints.items()))


def of_keys(marks: Iterable[str]) -> str:
    """One text for an attempt: of these keys, "" = of none in particular."""
    return " ".join(list(dict.fromkeys(filter(None, marks)))[-MOST:])


def of_set(marks: Iterable[str]) -> str:
    """For what was said of all keys together: another key more or less, and it is not true any more."""
    return _SET + hashlib.sha256(" ".join(sorted(marks)).encode()).hexdigest()[:12]


def holds(text: str, in_place: Collection[str]) -> bool:
    """Whether an attempt still speaks of what is there. `in_place` are the marks of the keys that may be used."""
    if text.startswith(_SET):
        return text == of_set(in_place)
    return speaks(text.split(), in_place)


def speaks(marks: Collection[str], in_place: Collection[str]) -> bool:
    """Whether one of these keys is still there, or none was needed."""
    return not marks or any(one in in_place for one in marks)

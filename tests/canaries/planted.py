"""The secrets a journey plants: every kind, every length, every character that some encoding writes in its own way."""

import random
import string

_PLAIN = string.ascii_letters + string.digits


def planted(seed: int) -> dict[str, str]:
    """Name → secret, all different; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - to be found again, not to be kept

    def plain(length: int) -> str:
        return "".join(dice.choices(_PLAIN, k=length))

    return {
        "provider key, short": plain(9),
        "provider key, long": "sk-" + plain(160),
        "provider key, odd": plain(6)
        + '"'
        + plain(4)
        + "\\"
        + plain(3)
        + "<"
        + plain(3)
        + ">&"
        + plain(3)
        + "'+/="
        + plain(8)
        + "%20?#{}"
        + plain(6),
        "provider key, hostile": "sk-" + plain(45),
        "provider key, hostile and odd": f'{plain(12)}/+{plain(7)}&<{plain(6)}"{plain(5)}=={plain(8)}',
        "provider key, in its own header": "Token " + plain(40),
        "provider key, translated": "sk-ant-" + plain(44),
        "provider key, rotated": "gsk_" + plain(40),
        "provider key, first of many": "sk-" + plain(44),
        "provider key, second of many": "sk-" + plain(44),
        "provider key, turned in": "sk-" + plain(44),
        "provider key, of a variable": "sk-" + plain(44),
        "provider key, deleted": "xai-" + plain(40),
        "provider key, by hand": "hf_" + plain(36),
        "provider key, in the browser": "sk-" + plain(44),
        "provider key, second in the browser": "sk-" + plain(44),
        "provider key, of a draft": "sk-" + plain(44),
        "provider key, in a wrong field": "sk-" + plain(44),
        "provider key, refused": "sk-" + plain(30) + "\u200b" + plain(14),
        "provider key, crashed": "zz" + plain(46),
        "provider key, of the surroundings": "sk-" + plain(44),
        "password of the admin": f"{plain(7)} {plain(6)} {plain(8)}",
        "password of the viewer": f'Grün{plain(5)} 夜{plain(6)}"&<{plain(6)}',
        "password by hand": f"{plain(7)}'{plain(6)}%{plain(8)}",
        "password, wrong": plain(24),
        "password, in the e-mail field": plain(24),
        "password, new": f"{plain(8)}-{plain(16)}",
        "prompt": f"tell me about {plain(30)}",
        "completion": f"it is {plain(30)}",
        "client key, unknown": plain(43),
        "session cookie, unknown": plain(43),
    }

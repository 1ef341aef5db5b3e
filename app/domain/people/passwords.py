"""What a password must be: long, and not one that guessing tries first. No rule about which characters it is made of."""

import re
import unicodedata
from collections.abc import Iterable

from app.domain.errors import InvalidDraft, Reason
from app.domain.secret import Secret

SHORTEST = 12
LONGEST = 1_024
_LEAST_OWN = 4  # characters that must be left when everything guessable is taken away

# What lists of leaked passwords are made of, as stems: endings, years and runs are taken away before and after.
_COMMON = """
password passwort passwd pass motdepasse contrasena wachtwoord haslo parola senha admin administrator root user guest test
tester demo default master secret changeme letmein welcome willkommen bienvenue login access hello hallo iloveyou love lovely
monkey dragon tiger lion eagle falcon phoenix wolf panther shadow ninja samurai sunshine princess princesa flower butterfly
football baseball basketball soccer hockey golf tennis liverpool chelsea arsenal barcelona yankees cowboys ranger rangers
superman batman spiderman ironman starwars pokemon pikachu naruto mickey mustang ferrari porsche mercedes corvette harley
michael jennifer jessica ashley daniel charlie thomas robert jordan andrew matthew joshua anthony william nicole amanda
summer winter spring autumn sommer monday friday january february march april june july august september october november
december qwerty qwertz azerty asdf zxcv qazwsx computer internet server system network security cisco oracle google
facebook apple microsoft windows linux ubuntu docker samsung nokia secure private company office business trustno whatever
nothing forever freedom killer hunter matrix merlin cookie banana orange cherry chocolate coffee pepper ginger maggie buddy
purple silver golden diamond thunder jesus heaven angel blessed patchbay provider gateway openai ollama
""".split()  # noqa: SIM905 - one word a line would be a page
_RUNS = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb",
]
_LEET = str.maketrans("0134578@$!", "oleastbasi")
_YEAR = re.compile(r"(?:19|20)\d\d")
_REPEAT = re.compile(r"(.+?)\1{2,}")


def check_password(password: Secret, *, personal: Iterable[str] = (), field: str = "password") -> None:
    """Raise `InvalidDraft` when the password is too short, too long or easy to guess. `personal`: the e-mail and the name,
    which are easy to guess for this person."""
    text = normal(password)
    if len(text) < SHORTEST:
        reason = Reason("password_short", "Use at least {least} characters. A phrase of several words is easy to remember.", least=SHORTEST)
        raise InvalidDraft({field: reason})
    if len(text) > LONGEST:
        raise InvalidDraft({field: Reason("too_long", "Use at most {most} characters.", most=LONGEST)})
    if len(set(text)) < 5 or min(_own(text, personal), _own(_YEAR.sub(" ", text.lower()).translate(_LEET), personal)) < _LEAST_OWN:
        raise InvalidDraft(
            {
                field: Reason(
                    "password_common",
                    "This is easy to guess: a common word, a keyboard row, a year or your name. Use several unrelated words.",
                )
            }
        )


def normal(password: Secret) -> str:
    """The same characters typed on another keyboard give the same text."""
    return unicodedata.normalize("NFC", password.reveal())


def _own(text: str, personal: Iterable[str]) -> int:
    """How many different characters are left without what guessing tries first."""
    rest = text.lower()
    mine = [part for word in personal for part in re.split(r"[\W_]+", word.lower()) if len(part) >= 3]
    for word in sorted({*mine, *_COMMON}, key=len, reverse=True):
        rest = rest.replace(word, " ")
    rest = _REPEAT.sub(" ", _YEAR.sub(" ", rest))
    for row in _RUNS:
        for run in (row, row[::-1]):
            for length in range(len(run), 2, -1):
                for start in range(len(run) - length + 1):
                    rest = rest.replace(run[start : start + length], " ")
    return len(set(rest) - {" "})

"""Passwords of people: Argon2id in threads, two at a time, so that signing in neither stops the loop nor fills the memory."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.people.passwords import normal
from app.domain.secret import Secret

Result = TypeVar("Result")

# OWASP ASVS 5.0 appendix C asks for t=2 with m >= 19 MiB.
_hasher = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# The hash of a random text nobody kept: an unknown account costs the same time as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=2,p=1$g5PDEjyzAwWgDGmXJemh2g$kFRjEwTF6x3eR2eBhgxV1Hu5Q49uhm8M71PKhIz+y3c"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the password fits, and whether its hash was made with older parameters."""

    fits: bool
    is_outdated: bool = False


async def hash_password(password: Secret) -> str:
    """The text to store: salt, parameters and hash in one."""
    text = normal(password)
    return await _in_thread(lambda: _hasher.hash(text))


async def check(stored: str | None, password: Secret) -> Answer:
    """Compare with a stored hash; None = there is no such account, which takes as long and never fits."""
    text = normal(password)
    return await _in_thread(lambda: _check(stored, text))


def _check(stored: str | None, text: str) -> Answer:
    try:
        _hasher.verify(stored or _NOBODY, text)
    except (VerificationError, InvalidHashError):
        return Answer(fits=False)
    return Answer(fits=stored is not None, is_outdated=stored is not None and _hasher.check_needs_rehash(stored))


async def _in_thread(job: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, job)

"""What an oracle is shown: the step, the page before and after it, and what was heard meanwhile."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from tests.walk.look import Look


class Kind(StrEnum):
    """What a step does to a page: only a press may open a dialog, only a load begins a new document."""

    PRESS = "press"
    TYPE = "type"
    LEAVE = "leave"  # Escape, or a step of the browser's own history: both may bring the question about what was typed
    LOAD = "load"
    OUTSIDE = "outside"
    TROUBLE = "trouble"
    MEANWHILE = "meanwhile"  # others acted since this person's last step


@dataclass(frozen=True)
class Step:
    """`explains`: patterns of lines, in the log or of the browser, that this step brings about. `twice`: something was sent twice.
    `waited`: longer than any request runs."""

    kind: Kind
    said: str
    explains: tuple[str, ...] = ()
    twice: bool = False
    waited: bool = False

    def does_explain(self, line: str) -> bool:
        """Whether the line belongs to what was done."""
        return any(re.search(pattern, line) for pattern in self.explains)


@dataclass(frozen=True)
class Provider:
    """A provider as REST tells it."""

    name: str
    label: str
    enabled: bool
    status: str
    is_default: bool
    keys: tuple[str, ...] = ()  # their labels


@dataclass(frozen=True)
class Truth:
    """What REST tells at the same moment."""

    providers: tuple[Provider, ...] = ()
    people: dict[str, bool] = field(default_factory=dict)  # address → may sign in
    client_keys: tuple[str, ...] = ()  # names of those that are not revoked
    revision: int | None = None


@dataclass(frozen=True)
class Seen:
    """One step with everything around it. `switched`: this tab changed its language since it was opened, so that sentences about what
    happened before may stand in the other one. `pressed`: steps since this person last pressed something (0 = in this step). `heard`:
    notices this tab was shown before this step."""

    step: Step
    before: Look
    after: Look
    console: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    truth: Truth | None = None
    truth_before: Truth | None = None
    switched: bool = False
    pressed: int = 0
    heard: tuple[str, ...] = ()

    @property
    def new_toasts(self) -> tuple[str, ...]:
        """Notices shown during the step."""
        same = self.before.document == self.after.document
        return self.after.toasts[len(self.before.toasts) :] if same else self.after.toasts

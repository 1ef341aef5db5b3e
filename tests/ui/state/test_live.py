"""What a tab sees of how far a change has come is what holds, in whatever order news arrives."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.keyring import Spread
from app.domain.snapshot import Snapshot
from app.ui.session.live import Beacon, Live


class Told(Beacon):
    """A beacon whose tabs are told when the test lets them be."""

    def __init__(self) -> None:
        super().__init__(app=None)  # type: ignore[arg-type]  # tells nobody
        self.live: Any = Live(_reflex_internal_init=True)  # type: ignore[call-arg]

    def tell(self) -> None:
        """One turn of `run`, for one tab."""
        if self._changed.is_set():
            self._changed.clear()
            self._told = self._spread()
            self.show(self.live)


SPREADS = st.integers(0, 3).flatmap(lambda of: st.builds(Spread, revision=st.just(1), of=st.just(of), live=st.integers(0, of)))
NEWS = st.lists(st.one_of(SPREADS, st.just("saved"), st.just("told")))


@given(NEWS)
def test_whatever_comes_when_a_tab_ends_up_with_what_holds(news: list[Spread | str]) -> None:
    beacon, fresh = Told(), Live(_reflex_internal_init=True)  # type: ignore[call-arg]
    for each in news:
        if isinstance(each, Spread):
            beacon.follow(each)
        elif each == "saved":
            beacon.flash(Snapshot(revision=beacon.revision + 1, built_at=0.0))
        else:
            beacon.tell()
    beacon.tell()

    beacon.show(fresh)
    assert [getattr(beacon.live, name) for name in ("workers", "live", "late", "beat")] == [
        getattr(fresh, name) for name in ("workers", "live", "late", "beat")
    ]


def test_a_worker_alone_is_never_behind_itself() -> None:
    """Two quick saves: the second is shown before the heartbeat of the first has come round."""
    beacon = Told()
    beacon.flash(Snapshot(revision=1, built_at=0.0))
    beacon.tell()
    beacon.follow(Spread(revision=1, live=0, of=1))
    beacon.flash(Snapshot(revision=2, built_at=0.0))
    beacon.tell()
    beacon.follow(Spread(revision=2, live=1, of=1, seconds=0.1))
    beacon.tell()

    assert (beacon.live.live, beacon.live.workers) == (1, 1)

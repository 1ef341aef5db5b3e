"""A chat that finds nothing: what its 404 most likely means, judged by the version in the path."""

from yarl import URL

from app.domain.errors import Failed
from app.domain.probes.probe import FixAction, StepName, Verdict
from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint
from app.probe import paths
from app.probe.finding import Cause, Facts, Finding, Fix, Met


def _is_nowhere(met: Met) -> bool:
    return met.step in (StepName.CHAT, StepName.STREAM) and met.status in (404, 405)


def _is_doubled(met: Met) -> bool:
    endpoint = met.endpoint
    return _is_nowhere(met) and not ROUTES[endpoint.type].is_rooted and paths.versions(endpoint.base_url) > 1


def _at_the_root(facts: Facts, endpoint: Endpoint) -> str | None:
    """Without the /v1 that may be ours: it is added where a person gave no path."""
    url = URL(endpoint.base_url)
    return str(url.origin()) if url.path == "/v1" and endpoint.preset is None else None


VERSION_DOUBLED = Finding(
    code="version_doubled",
    verdict=Verdict.NOT_FOUND,
    sentence="There is nothing at this path. The version is in the address twice; remove one.",
    causes=(Cause(Failed, when=_is_doubled, over=("version_missing",)),),
    fix=Fix(FixAction.DROP_VERSION, lambda facts, endpoint: paths.without_second_version(endpoint.base_url)),
)

VERSION_MISSING = Finding(
    code="version_missing",
    verdict=Verdict.NOT_FOUND,
    sentence="There is nothing at this path. Most providers want /v1 at the end of the address.",
    causes=(Cause(Failed, when=lambda met: _is_nowhere(met) and paths.lacks_version(met.endpoint), over=("not_found",)),),
    fix=Fix(FixAction.ADD_VERSION, lambda facts, endpoint: paths.with_version(endpoint.base_url)),
)

NOT_FOUND = Finding(
    code="not_found",
    verdict=Verdict.NOT_FOUND,
    sentence="There is nothing at this path (status 404). Check the path of the address.",
    causes=(Cause(Failed, when=_is_nowhere, over=("chat_rejected",)),),
    fix=Fix(FixAction.AT_ROOT, _at_the_root),
)

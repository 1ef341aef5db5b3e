"""What a server answers before it is understood: whether it is HTTP, JSON, whole."""

from yarl import URL

from app.domain.error_kind import ErrorKind
from app.domain.errors import BadResponse, UpstreamError
from app.domain.probes.probe import FixAction, Verdict
from app.domain.snapshot import Endpoint
from app.probe import paths
from app.probe.finding import Cause, Facts, Finding, Fix


def _with_version(facts: Facts, endpoint: Endpoint) -> str | None:
    return paths.with_version(endpoint.base_url) if paths.lacks_version(endpoint) else None


def _at_the_target(facts: Facts, endpoint: Endpoint) -> str | None:
    """The redirect taken, where it leads to the same host in https and nowhere else."""
    url = URL(endpoint.base_url)
    try:
        target = URL(str(facts.get("target", "")))
    except ValueError:
        return None
    is_same = target.scheme == "https" and target.host == url.host and url.scheme == "http"
    return str(target.with_path(url.path)) if is_same else None


ANSWERS = Finding(code="answers", verdict=Verdict.OK, sentence="The server responds (status {status}).", facts=("status",))

NOT_HTTP = Finding(
    code="not_http",
    sentence="The server responds, but not with HTTP. Check the port.",
    causes=(Cause(BadResponse, ErrorKind.NOT_HTTP),),
)

REDIRECTED = Finding(
    code="redirected",
    sentence="The server redirects to {target}, which Patchbay never follows. Enter the final address.",
    facts=("target",),  # an origin
    causes=(Cause(BadResponse, ErrorKind.REDIRECT),),
    fix=Fix(FixAction.USE_HTTPS, _at_the_target),
)

HTML = Finding(
    code="html",
    sentence="The server returned a web page instead of data. Check the path of the address.",
    causes=(Cause(BadResponse, ErrorKind.HTML),),
    fix=Fix(FixAction.ADD_VERSION, _with_version),
)

NOT_JSON = Finding(
    code="not_json",
    sentence="The response is not JSON. Check the address.",
    causes=(Cause(BadResponse),),
)

ENCODED = Finding(
    code="encoded",
    sentence="The response is compressed, but Patchbay asked for plain text. Check the server or the proxy in front of it.",
    causes=(Cause(BadResponse, ErrorKind.ENCODED),),
)

TOO_LARGE = Finding(
    code="too_large",
    sentence="The response is larger than allowed. Check the address.",
    causes=(Cause(BadResponse, ErrorKind.TOO_LARGE),),
)

CUT_OFF = Finding(
    code="cut_off",
    sentence="The response ended before it was complete. Test again.",
    causes=(Cause(BadResponse, ErrorKind.CUT_OFF),),
)

PROVIDER_ERROR = Finding(
    code="provider_error",
    sentence="The provider reported an internal error (status {status}). Try again later, or check its status page.",
    facts=("status",),
    causes=(Cause(UpstreamError),),
)

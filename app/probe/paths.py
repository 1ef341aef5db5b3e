"""What the path of a base URL says about its version: doubled, missing, as it should be."""

import re

from yarl import URL

from app.domain.providers.routes import ROUTES
from app.domain.snapshot import Endpoint

_VERSION = re.compile(r"v\d[a-z0-9]*")


def versions(base_url: str) -> int:
    """How many parts of the path are a version."""
    return sum(1 for part in URL(base_url).parts if _VERSION.fullmatch(part))


def lacks_version(endpoint: Endpoint) -> bool:
    """Whether there is none where most providers want one."""
    return not ROUTES[endpoint.type].is_rooted and versions(endpoint.base_url) == 0


def with_version(base_url: str) -> str:
    """The address with the version that most providers want."""
    return base_url.rstrip("/") + "/v1"


def without_second_version(base_url: str) -> str:
    """The address with its last version taken out."""
    url = URL(base_url)
    parts = list(url.parts)
    last = max((i for i, part in enumerate(parts) if _VERSION.fullmatch(part)), default=0)
    return str(url.with_path("/" + "/".join(parts[1:last] + parts[last + 1 :]))) if last else base_url

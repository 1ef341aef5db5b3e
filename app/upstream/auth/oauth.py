"""OAuth 2 client credentials: id and secret go to the token server and to nobody else, its token to the provider and to nobody else."""

from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.providers.address import origin_of, wrong_url
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import TokenRequest, client_credentials
from app.upstream.outgoing import Outgoing

FIELDS: tuple[AuthField, ...] = (
    AuthField(name="token_url", kind=FieldKind.TEXT, required=True, label="auth.token_url", wrong=wrong_url),
    AuthField(name="client_id", kind=FieldKind.TEXT, required=True, label="auth.client_id"),
    AuthField(name="client_secret", kind=FieldKind.SECRET, required=True, label="auth.client_secret", blanks=True),  # RFC 6749, A.2
    AuthField(name="scope", kind=FieldKind.TEXT, required=False, label="auth.scope"),
    AuthField(name="audience", kind=FieldKind.TEXT, required=False, label="auth.audience"),
    AuthField(name="resource", kind=FieldKind.TEXT, required=False, label="auth.resource"),
    AuthField(name="send_secret", kind=FieldKind.CHOICE, required=False, label="auth.send_secret", options=("body", "header")),
)
REUSABLE = True


def servers(auth: Mapping[str, str]) -> dict[str, str]:
    """The token server."""
    return {"token_url": origin_of(auth["token_url"])}


def destination(origin: str, auth: Mapping[str, str]) -> str:
    """The secret belongs to this token server, for tokens of this provider."""
    return f"{origin}|{origin_of(auth['token_url'])}"


def grant(auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> TokenRequest:
    """Ask with the client's id and secret."""
    more = {name: auth.get(name) for name in ("scope", "audience", "resource")}
    in_header = auth.get("send_secret") == "header"
    return client_credentials(auth["token_url"], auth["client_id"], secrets["client_secret"], in_header=in_header, more=more)


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the token."""
    return request.with_header("authorization", f"Bearer {secrets['access_token'].reveal()}")

"""OAuth 2 client credentials: id and secret go to the token server and to nobody else, its token to the provider and to nobody else."""

from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.providers.address import origin_of, wrong_url
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import TokenRequest, client_credentials
from app.upstream.outgoing import Outgoing

LABEL = "Client ID and client secret (OAuth)"
FIELDS: tuple[AuthField, ...] = (
    AuthField(
        name="token_url",
        kind=FieldKind.TEXT,
        required=True,
        label="Token address",
        help="Where Patchbay gets access tokens, for example https://login.example.com/oauth2/token.",
        wrong=wrong_url,
    ),
    AuthField(
        name="client_id", kind=FieldKind.TEXT, required=True, label="Client ID", help="The public ID of the app you registered there."
    ),
    AuthField(
        name="client_secret",
        kind=FieldKind.SECRET,
        required=True,
        label="Client secret",
        help="Belongs to that app. Sent only to the token server. Stored encrypted.",
        blanks=True,
    ),  # RFC 6749, A.2
    AuthField(
        name="scope",
        kind=FieldKind.TEXT,
        required=False,
        label="Scope",
        help="What the access token is for, as in the provider's documentation. Separate several scopes with spaces.",
    ),
    AuthField(
        name="audience", kind=FieldKind.TEXT, required=False, label="Audience", help="Only if the provider's documentation asks for it."
    ),
    AuthField(
        name="resource", kind=FieldKind.TEXT, required=False, label="Resource", help="Only if the provider's documentation asks for it."
    ),
    AuthField(
        name="send_secret",
        kind=FieldKind.CHOICE,
        required=False,
        label="Client secret placement",
        help="If the token server rejects the correct secret, try the other option.",
        options={"body": "In the request body", "header": "In a header (Basic)"},
    ),
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

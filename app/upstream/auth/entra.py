"""Microsoft Entra ID, for Azure OpenAI: a registered application signs in to a tenant and gets a token for its model resources."""

import re
from collections.abc import Mapping

from app.domain.credentials.auth_field import AuthField, FieldKind
from app.domain.errors import Reason
from app.domain.providers.address import origin_of, wrong_url
from app.domain.providers.provider import ProviderType
from app.domain.secret import Secret
from app.upstream.access_tokens.token_server import TokenRequest, client_credentials
from app.upstream.outgoing import Outgoing

AUTHORITY = "https://login.microsoftonline.com"
_SCOPE = "https://cognitiveservices.azure.com/.default"
# Of the clouds of some states: their authority → what is asked for there.
_SCOPES = {
    "login.microsoftonline.us": "https://cognitiveservices.azure.us/.default",
    "login.partner.microsoftonline.cn": "https://cognitiveservices.azure.cn/.default",
    "login.chinacloudapi.cn": "https://cognitiveservices.azure.cn/.default",
}
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,98}[A-Za-z0-9])?")


def _wrong(tenant: str) -> Reason | None:
    if not _TENANT.fullmatch(tenant):
        return Reason("tenant", "Enter the tenant's ID or domain, for example contoso.onmicrosoft.com.")
    return None


LABEL = "Microsoft Entra ID"
FIELDS: tuple[AuthField, ...] = (
    AuthField(
        name="tenant",
        kind=FieldKind.TEXT,
        required=True,
        label="Tenant (directory)",
        help="Its ID or domain, from the Microsoft Entra ID overview page.",
        wrong=_wrong,
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
    ),
    AuthField(
        name="authority",
        kind=FieldKind.TEXT,
        required=False,
        label="Authority",
        help="Leave empty for https://login.microsoftonline.com. Only national clouds use another one, for example Azure China.",
        wrong=wrong_url,
    ),
    AuthField(
        name="api_version",
        kind=FieldKind.TEXT,
        required=False,
        label="API version",
        help="Leave empty for 2024-10-21.",
        only_for=ProviderType.AZURE,
    ),
)
REUSABLE = True


def servers(auth: Mapping[str, str]) -> dict[str, str]:
    """Where the tenant signs in."""
    return {"authority": origin_of(auth.get("authority") or AUTHORITY)}


def destination(origin: str, auth: Mapping[str, str]) -> str:
    """The secret belongs to this authority, for tokens of this provider."""
    return f"{origin}|{servers(auth)['authority']}"


def grant(auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> TokenRequest:
    """Ask as the application."""
    authority = (auth.get("authority") or AUTHORITY).rstrip("/")
    scope = _SCOPES.get(authority.partition("://")[2].lower(), _SCOPE)
    url = f"{authority}/{auth['tenant']}/oauth2/v2.0/token"
    return client_credentials(url, auth["client_id"], secrets["client_secret"], more={"scope": scope})


def apply(request: Outgoing, auth: Mapping[str, str], secrets: Mapping[str, Secret]) -> Outgoing:
    """Add the token. The API version belongs to the address; the wire puts it there."""
    return request.with_header("authorization", f"Bearer {secrets['access_token'].reveal()}")

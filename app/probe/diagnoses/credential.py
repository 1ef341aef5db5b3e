"""The key of the provider: whether there is one, whether it can be read, whether it is taken."""

from app.domain.error_kind import ErrorKind
from app.domain.errors import NoCredential, Refused
from app.domain.probes.probe import FixAction, Verdict
from app.probe.finding import Cause, Finding, Fix
from app.upstream import auth

_REPLACED = Fix(FixAction.REPLACE_KEY)
_ONLY_A_CHAT = Fix(FixAction.TEST_CHAT)  # tells whether the key works

KEY_ACCEPTED = Finding(code="key_accepted", verdict=Verdict.OK, sentence="The key was accepted.")

KEY_NOT_NEEDED = Finding(code="key_not_needed", verdict=Verdict.OK, sentence="No key is needed.", is_tried=False)

# Nothing that was asked would prove it; the chat will.
KEY_NOT_TRIED = Finding(code="key_not_tried", verdict=Verdict.OK, sentence="The key is not confirmed yet.")

LIST_IS_PUBLIC = Finding(
    code="list_is_public",
    verdict=Verdict.KEY_NOT_PROVEN,
    sentence="The model list is also answered without the key, so it does not show whether the key works. Test with a chat.",
    fix=_ONLY_A_CHAT,
)

# Whether the list is also answered without the key could not be found out.
KEY_NOT_PROVEN = Finding(
    code="key_not_proven",
    verdict=Verdict.KEY_NOT_PROVEN,
    sentence="Whether the key is accepted could not be found out this way. Test with a chat.",
    fix=_ONLY_A_CHAT,
)

NO_CREDENTIAL = Finding(
    code="no_credential",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="This provider needs a key. Enter one.",
    causes=(Cause(NoCredential),),
    fix=_REPLACED,
)

KEY_UNREADABLE = Finding(
    code="key_unreadable",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="The saved key cannot be read with the current master key. Enter it again.",
    causes=(
        Cause(NoCredential, ErrorKind.UNREADABLE),
        Cause(NoCredential, ErrorKind.SEALED),
        Cause(NoCredential, ErrorKind.CHARACTERS),
    ),
    fix=_REPLACED,
)

KEY_PLACE_EMPTY = Finding(
    code="key_place_empty",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="The source of this key ({place}) has no usable value. Set it there, or enter the key.",
    facts=("place",),
    causes=(Cause(NoCredential, ErrorKind.REFERENCE),),
)

UNKNOWN_AUTH_TYPE = Finding(
    code="unknown_auth_type",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="Patchbay does not support this provider's authentication. Choose another one.",
    causes=(Cause(NoCredential, ErrorKind.UNKNOWN_AUTH_TYPE), Cause(NoCredential, ErrorKind.HEADER_NAME)),
)

KEY_EXPIRED = Finding(
    code="key_expired",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="The key has passed the expiry date that is set for it here. Enter a new one, or change the date.",
    causes=(Cause(NoCredential, ErrorKind.EXPIRED),),
    fix=_REPLACED,
)

KEY_REFUSED = Finding(
    code="key_refused",
    verdict=Verdict.AUTH_FAILED,
    sentence="The provider rejected this key (status {status}). Check that it is active and belongs to this account.",
    facts=("status",),
    causes=(Cause(Refused), Cause(NoCredential, ErrorKind.REFUSED)),
    fix=_REPLACED,
)

# Refused although, or because, no key was sent.
KEY_REQUIRED = Finding(
    code="key_required",
    verdict=Verdict.NO_CREDENTIAL,
    sentence="The server refuses requests without a key (status {status}). Choose an authentication and enter a key.",
    facts=("status",),
    causes=(Cause(Refused, when=lambda met: not auth.needs_key(met.endpoint.auth_type)),),
    fix=Fix(FixAction.ADD_KEY),
)

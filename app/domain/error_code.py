"""Every code that an error can have, with what docs/errors.md says of it: the one source of the page and of the REST document."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a request was not carried out. New codes can be added: treat one you do not know by the status of its answer."""

    status: int
    meaning: str
    remedy: str
    retry: bool

    def __new__(cls, code: str, status: int, meaning: str, remedy: str, retry: bool = False) -> "ErrorCode":
        """`status` of HTTP; `retry`: the same request may succeed later, unchanged."""
        made = str.__new__(cls, code)
        made._value_ = code
        made.status, made.meaning, made.remedy, made.retry = status, meaning, remedy, retry
        return made

    # What cannot be read, and what is refused before a route is looked for.
    BAD_REQUEST = "bad_request", 400, "The request cannot be read.", "Send valid JSON, each field once, and one API key."
    BAD_HOST = "bad_host", 400, "The Host header is missing or malformed.", "Send one Host header."
    UNKNOWN_HOST = "unknown_host", 421, "This host name is not accepted.", "Set PATCHBAY_PUBLIC_URL to the address that users open."
    FOREIGN_ORIGIN = "foreign_origin", 403, "The request came from a page of another site.", "Use the console at its own address."
    NOT_UPGRADED = "not_upgraded", 426, "The request should open a websocket and does not.", "Let the proxy pass Upgrade on."
    METHOD_NOT_ALLOWED = "method_not_allowed", 405, "The address does not support the method.", "Use a method of the `Allow` header."
    TOO_LARGE = "too_large", 413, "The body is larger than 4 MiB.", "Send less at a time."
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415, "The body is not JSON.", "Send it as application/json."

    # Who may.
    NOT_SIGNED_IN = "not_signed_in", 401, "No valid API key or session was sent.", "Send an app key as Authorization: Bearer pb-…"
    FORBIDDEN = "forbidden", 403, "The caller has no permission for this.", "Ask an admin to do it."
    SCOPE_MISSING = "scope_missing", 403, "The app key has another scope; `details.scope` is needed.", "Use a key with that scope."
    CSRF_REQUIRED = "csrf_required", 403, "A browser sent no valid CSRF token.", "Send `csrf_token` of GET /session as X-CSRF-Token."
    CONFIRMATION_NEEDED = "confirmation_needed", 403, "The password is needed again.", "Send it to POST /session/confirm first."
    TOO_MANY_ATTEMPTS = "too_many_attempts", 429, "Too many wrong passwords.", "Wait for the seconds in `Retry-After`.", True

    # What is not there.
    NOT_FOUND = "not_found", 404, "There is nothing at this address.", "Look it up in /api/v1/openapi.json."
    PROVIDER_NOT_FOUND = "provider_not_found", 404, "There is no such provider.", "List the providers, then the trash."
    PRESET_NOT_FOUND = "preset_not_found", 404, "There is no such known provider.", "List the known providers."
    CREDENTIAL_NOT_FOUND = "credential_not_found", 404, "There is no such provider key.", "List the keys of the provider."
    MODEL_NOT_FOUND = "model_not_found", 404, "There is no such model.", "List the models, or use one of `suggestions`."
    ALIAS_NOT_FOUND = "alias_not_found", 404, "There is no such alias.", "List the aliases."
    CLIENT_KEY_NOT_FOUND = "client_key_not_found", 404, "There is no such app key.", "List the app keys."
    USER_NOT_FOUND = "user_not_found", 404, "There is no such user.", "List the users."

    # What exists or stands in the way.
    CONFLICT = "conflict", 409, "The same data was changed at the same time.", "Read it again, then repeat the request.", True
    NAME_TAKEN = "name_taken", 409, "The name is taken.", "Choose another one, or one of `suggestions`."
    EMAIL_TAKEN = "email_taken", 409, "There is an account with this email address.", "Use the account, or another address."
    DUPLICATE_KEY = "duplicate_key", 409, "The provider already has this key.", "Use the stored key, or send another one."
    ALREADY_CREATED = "already_created", 409, "It was created before.", "Use what is there."
    ALREADY_SET_UP = "already_set_up", 409, "Patchbay is already set up.", "Sign in."
    IN_USE = "in_use", 409, "Something else needs it.", "Put another one in its place first; the message says which."
    LAST_ADMIN = "last_admin", 409, "This is the last admin.", "Give another user the admin role first."
    REVOKED = "revoked", 409, "The app key was revoked, which cannot be undone.", "Create a new one."
    STALE = "stale", 412, "The resource has a newer version.", "Read it again, apply the change to it, and send the new version."
    CREDENTIAL_REENTRY_REQUIRED = (
        "credential_reentry_required", 409, "The address moved to another host, and stored keys belong to the old one.",
        "Send the key again with the new address.",
    )  # fmt: skip
    PROVIDER_DISABLED = "provider_disabled", 409, "The provider is off.", "Turn it on, or choose another one."
    ROTATION_CONFLICT = "rotation_conflict", 409, "The key is in another step of its replacement.", "List the keys of the provider."
    ROW_REFUSED = "row_refused", 409, "The entry was changed outside Patchbay.", "Run `patchbay doctor` on the server."

    # Input and limits.
    INVALID = "invalid", 422, "The input is not accepted; `details.errors` lists every fault.", "Correct the fields it names."
    UNSUPPORTED = "unsupported", 422, "The provider does not support what was asked for.", "Remove the field, or choose another model."
    LIMIT_REACHED = "limit_reached", 429, "A request limit is used up.", "Wait for the seconds in `Retry-After`.", True

    # The server itself.
    INTERNAL_ERROR = "internal_error", 500, "Something unexpected went wrong.", "Look up `requestId` in the server log."
    VAULT_LOCKED = "vault_locked", 503, "The keys cannot be opened.", "The operator checks the master key: `patchbay doctor`."
    KEY_MISSING = "key_missing", 503, "The master key is missing.", "The operator restores the key file."
    KEY_MISMATCH = "key_mismatch", 503, "The master key belongs to another database.", "The operator restores the right key file."
    CANARY_CORRUPT = "canary_corrupt", 503, "The check value of the master key is damaged.", "The operator restores a backup."
    KEY_FILE_UNSAFE = "key_file_unsafe", 503, "Others can read the key file.", "The operator corrects its permissions."
    SECRET_UNREADABLE = "secret_unreadable", 503, "A stored secret cannot be decrypted.", "Enter it again."
    STORAGE = "storage", 503, "The database cannot be used.", "The operator checks it: `patchbay doctor`.", True
    STORAGE_UNAVAILABLE = "storage_unavailable", 503, "The database does not respond.", "Wait for the seconds in `Retry-After`.", True
    DISK_FULL = "disk_full", 503, "The disk of the database is full.", "The operator frees up space.", True
    STORAGE_READ_ONLY = "storage_read_only", 503, "The database cannot be written.", "The operator checks its permissions.", True
    STORAGE_DAMAGED = "storage_damaged", 503, "The database is damaged.", "The operator restores a backup."

    # A call to a provider.
    UPSTREAM_FAILED = "upstream_failed", 502, "The provider could not process the request.", "Try again later.", True
    UPSTREAM_UNREACHABLE = "upstream_unreachable", 502, "The provider cannot be reached.", "Check its address, then try again.", True
    UPSTREAM_TLS_FAILED = "upstream_tls_failed", 502, "The secure connection failed.", "Check the address and its certificate."
    UPSTREAM_TIMEOUT = "upstream_timeout", 504, "The provider took too long.", "Try again, or raise its time limits.", True
    UPSTREAM_REFUSED = "upstream_refused", 502, "The provider rejected the key.", "Replace the key."
    UPSTREAM_RATE_LIMITED = "upstream_rate_limited", 429, "The provider wants no more requests now.", "Try again later.", True
    UPSTREAM_BAD_RESPONSE = "upstream_bad_response", 502, "The response does not fit the protocol.", "Check the address of the provider."
    REFUSED_BY_POLICY = "refused_by_policy", 422, "Addresses like this are not called.", "Use another address, or approve a local one."
    NO_CREDENTIAL = "no_credential", 409, "The provider has no key that can be used.", "Add a key."
    CIRCUIT_OPEN = "circuit_open", 503, "The provider failed several times and is paused.", "Wait for the seconds in `Retry-After`.", True
    TRANSLATOR_DOWN = "translator_down", 503, "The translator of its protocol does not run.", "The operator runs `patchbay doctor`.", True
    TOKEN_REFUSED = "token_refused", 502, "The token server rejected the client.", "Check client ID, client secret and scope."
    TOKEN_UNREACHABLE = "token_unreachable", 502, "The token server does not respond.", "Check the token address, then try again.", True
    TOKEN_BAD_RESPONSE = "token_bad_response", 502, "The token server returned no token.", "Check the token address."

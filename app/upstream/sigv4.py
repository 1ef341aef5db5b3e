"""AWS' Signature Version 4 of a complete request, by botocore's own signer, which reads and calls nothing. Loaded when it is needed."""

from app.domain.translation import Signing


def load() -> None:
    """Load the signer, which takes about 0.2 s the first time: in a thread, or in a process that may wait."""
    import botocore.auth  # noqa: F401


def sign(signing: Signing, method: str, url: str, body: bytes, content_type: str = "") -> dict[str, str]:
    """The headers that sign this request. `url` as it goes out; of the request's own headers the content type is signed."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = {"Content-Type": content_type} if content_type else {}
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    given = Credentials(signing.access_key_id, signing.secret_access_key, signing.session_token or None)
    SigV4Auth(given, signing.service, signing.region).add_auth(request)
    names = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
    return {name.lower(): str(request.headers[name]) for name in names if name in request.headers}

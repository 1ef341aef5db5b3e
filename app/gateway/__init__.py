"""What applications call: the OpenAI protocol under `/v1`, bare ASGI. Knows relay, registry and domain only."""

from app.gateway.application import gateway_app
from app.gateway.streams import drain, hurry, is_draining

__all__ = ["drain", "gateway_app", "hurry", "is_draining"]

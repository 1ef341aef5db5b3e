"""`/routes`: where a selector leads."""

from typing import Annotated

from pydantic import Field

from app.api import errors, guard
from app.api.guard import Caller
from app.domain.providers.explanation import Explanation
from app.domain.record import Closed
from app.services import routes

router = guard.router("Routes", asks=True)


class Question(Closed):
    """`selector` as an application sends it in `model`; `client_key_id` as whom, left out = nobody is restricted."""

    selector: Annotated[str, Field(max_length=260)]  #: What an app would send as `model`.
    client_key_id: Annotated[str, Field(max_length=36)] | None = None  #: ID of the app key that would be used; null = any, without limits.


@router.post("/routes/explain", responses=errors.documented(404))
async def explain_route(caller: Caller, question: Question) -> Explanation:
    """Alias, targets, keys in the order in which they would be tried, and what is passed over and why. Nothing is sent."""
    return await routes.explain(caller, question.selector, client_key_id=question.client_key_id)

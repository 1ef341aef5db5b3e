"""Which models there are, and whether the one that was asked is among them."""

from app.domain.errors import Failed
from app.domain.probes import probe
from app.domain.probes.probe import FixAction, Verdict
from app.probe import requests
from app.probe.finding import Cause, Finding, Fix, Met

_ANOTHER_MODEL = Fix(FixAction.CHOOSE_MODEL)


def _is_named(met: Met) -> bool:
    return met.model != "" and requests.names_the_model(met.error, met.model)


MODELS_LISTED = Finding(code="models_listed", verdict=Verdict.OK, sentence="The provider lists {count} models.", facts=("count",))

NO_MODEL_LIST = Finding(
    code="no_model_list",
    verdict=Verdict.NO_MODEL_LIST,
    sentence="The provider does not list its models. You enter model names yourself.",
    fix=_ANOTHER_MODEL,
)

NO_MODELS = Finding(
    code="no_models",
    verdict=Verdict.NO_MODEL_LIST,
    sentence="The model list is empty. Load a model on the server first, then test again.",
)

NO_MODEL_KNOWN = Finding(
    code="no_model_known",
    verdict=Verdict.NO_MODEL_LIST,
    sentence="No model to test. Enter one and test again.",
    fix=_ANOTHER_MODEL,
)

DEFAULT_NOT_LISTED = Finding(
    code=probe.DEFAULT_NOT_LISTED,
    verdict=Verdict.DEFAULT_NOT_LISTED,
    sentence="The provider does not list the default model {model}. Choose another one, or test with a chat.",
    facts=("model",),
    fix=_ANOTHER_MODEL,
)

# The provider's own words are nearer than what the path of the address lets one guess.
MODEL_NOT_FOUND = Finding(
    code="model_not_found",
    verdict=Verdict.MODEL_NOT_FOUND,
    sentence="The provider has no model named {model}. Choose another one.",
    facts=("model",),
    causes=(Cause(Failed, when=_is_named, over=("version_doubled",)),),
    fix=_ANOTHER_MODEL,
)

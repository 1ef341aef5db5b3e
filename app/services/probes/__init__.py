"""Testing providers: a draft, a saved one, one key, one model, or many of them, through the path that traffic takes."""

from app.services.probes.batches import Batch, Probed, models_of, providers_of, run_batch
from app.services.probes.choosing import Choice, choices
from app.services.probes.single import run_draft, run_saved

__all__ = ["Batch", "Choice", "Probed", "choices", "models_of", "providers_of", "run_batch", "run_draft", "run_saved"]

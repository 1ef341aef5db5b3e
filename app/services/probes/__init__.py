"""Testing providers: a draft, a saved one, one key, one model, or many of them, through the path that traffic takes."""

from app.services.probes.batches import MOST, Batch, Probed, models_of, providers_of, run_batch
from app.services.probes.choosing import Choice, choices, ranked
from app.services.probes.single import run_draft, run_saved

__all__ = ["MOST", "Batch", "Choice", "Probed", "choices", "models_of", "providers_of", "ranked", "run_batch", "run_draft", "run_saved"]

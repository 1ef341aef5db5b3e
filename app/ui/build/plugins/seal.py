"""The bundle says what it was built from, so that the launcher can tell a stale one."""

import json
from pathlib import Path
from typing import Unpack

import reflex as rx
from reflex.plugins import Plugin
from reflex_base.plugins.base import PostBuildContext

from app.ui.build import bundle


class SealPlugin(Plugin):
    """Writes `build-info.json` beside the pages: what the sources were and which state the pages expect."""

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """The last step: a build that failed before has no seal and is never installed."""
        info = {"sources": bundle.sources(), "schema": rx.State._to_frontend_schema()}
        (Path(context["static_dir"]).parent / bundle.SEAL).write_text(json.dumps(info, indent=2) + "\n", "utf-8")

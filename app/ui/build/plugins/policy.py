"""The script policy of every built page."""

from pathlib import Path
from typing import Unpack

from reflex.plugins import Plugin
from reflex_base.plugins.base import PostBuildContext

from app.ui.build import content_policy


class PolicyPlugin(Plugin):
    """Writes the policy into every page."""

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Raises when a page has no head to put the policy in."""
        for page in Path(context["static_dir"]).rglob("*.html"):
            page.write_text(content_policy.guarded(page.read_text("utf-8")), "utf-8")

"""What Reflex is given to build the pages with. Read by `rxconfig.py`; the launcher needs only `ui/bundle.py`."""

import reflex as rx

from app.ui.catalogue import CataloguePlugin
from app.ui.plugins.looks import FontsPlugin, LogosPlugin
from app.ui.plugins.own_files import LookPlugin, PlacePlugin
from app.ui.plugins.policy import PolicyPlugin
from app.ui.plugins.same_origin import NO_ADDRESS, SameOriginPlugin
from app.ui.plugins.seal import SealPlugin

__all__ = ["NO_ADDRESS", "plugins"]


def plugins() -> list[rx.plugins.Plugin]:
    """The plug-ins in the order they run: scripts are rewritten before pages are hashed, the seal comes last."""
    theme = rx.theme(
        appearance="inherit", accent_color="iris", gray_color="slate", radius="large", scaling="100%", panel_background="solid"
    )
    return [
        rx.plugins.RadixThemesPlugin(theme=theme),
        CataloguePlugin(),
        PlacePlugin(),
        FontsPlugin(),
        LookPlugin(),
        LogosPlugin(),
        SameOriginPlugin(),
        PolicyPlugin(),
        SealPlugin(),
    ]

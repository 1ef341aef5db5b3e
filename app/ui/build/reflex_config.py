"""What Reflex is given to build the pages with. Read by `rxconfig.py`; the launcher needs only `ui/build/bundle.py`."""

import reflex as rx

from app.ui.build.plugins.looks import FontsPlugin, LogosPlugin
from app.ui.build.plugins.own_files import BrandPlugin, OwnFilesPlugin
from app.ui.build.plugins.policy import PolicyPlugin
from app.ui.build.plugins.same_origin import NO_ADDRESS, SameOriginPlugin
from app.ui.build.plugins.seal import SealPlugin

__all__ = ["NO_ADDRESS", "plugins"]


def plugins() -> list[rx.plugins.Plugin]:
    """The plug-ins in the order they run: scripts are rewritten before pages are hashed, the seal comes last."""
    theme = rx.theme(
        appearance="inherit", accent_color="iris", gray_color="slate", radius="large", scaling="100%", panel_background="solid"
    )
    return [
        rx.plugins.RadixThemesPlugin(theme=theme),
        OwnFilesPlugin(),
        FontsPlugin(),
        BrandPlugin(),
        LogosPlugin(),
        SameOriginPlugin(),
        PolicyPlugin(),
        SealPlugin(),
    ]

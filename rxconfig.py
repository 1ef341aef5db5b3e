"""Build and run settings of Reflex. Everything an operator sets is in `app.settings`."""

import reflex as rx
from reflex_base.constants import StateManagerMode

from app.ui.build.reflex_config import NO_ADDRESS, plugins

config = rx.Config(
    app_name="app",
    app_module_import="app.main",
    # Never a real address: the plugin below rewrites it to "where the page came from", so one bundle fits every host and port.
    api_url=NO_ADDRESS,
    deploy_url=None,
    cors_allowed_origins=[],
    state_manager_mode=StateManagerMode.MEMORY,  # a view cache of one process; pickles on disk would hold the request's cookies
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="system",
    plugins=plugins(),
    disable_plugins=[rx.plugins.SitemapPlugin],
)

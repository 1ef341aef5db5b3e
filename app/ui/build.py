"""The bundle: what Reflex compiles and how the result becomes ours."""

import reflex as rx

NO_ADDRESS = "http://same-origin.invalid"


def plugins() -> list[rx.plugins.Plugin]:
    """The plug-ins of rxconfig, in the order they run."""
    theme = rx.theme(appearance="inherit", accent_color="iris", gray_color="slate", radius="large", scaling="100%", panel_background="solid")
    return [rx.plugins.RadixThemesPlugin(theme=theme)]

"""The look that is ours on top of Radix: fonts, the frame's measures, the mark."""

from typing import Any

import reflex as rx

FONT = "'Inter Variable', Inter, system-ui, sans-serif"
MONO = "'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, monospace"

_PHONE = "@media (max-width: 767px)"
_QUIET = "@media (prefers-reduced-motion: reduce)"
_EASE = "background-color 140ms ease-out, color 140ms ease-out"
_LINE = "1px solid var(--gray-a4)"

STYLE: dict[str, Any] = {
    ".radix-themes": {"--default-font-family": FONT, "--code-font-family": MONO, "--heading-font-family": FONT},
    "body": {"fontVariantNumeric": "tabular-nums", "backgroundColor": "var(--color-background)"},
    "code, .rt-Code, .pb-mono": {"fontFamily": MONO, "fontVariantLigatures": "none"},
    ".pb-shell": {"display": "flex", "minHeight": "100vh"},
    ".pb-rail": {
        "width": "224px",
        "flexShrink": "0",
        "position": "sticky",
        "top": "0",
        "height": "100vh",
        "display": "flex",
        "flexDirection": "column",
        "borderRight": _LINE,
        "backgroundColor": "var(--gray-2)",
        "padding": "16px 12px",
        _PHONE: {"display": "none"},
    },
    ".pb-brand": {
        "display": "flex",
        "alignItems": "center",
        "gap": "10px",
        "padding": "4px 10px 20px",
        "fontWeight": "600",
        "fontSize": "16px",
        "color": "var(--gray-12)",
    },
    ".pb-brand-small": {"display": "none", _PHONE: {"display": "flex"}},
    ".pb-nav": {"display": "flex", "flexDirection": "column", "gap": "2px"},
    ".pb-entry": {
        "display": "flex",
        "alignItems": "center",
        "gap": "10px",
        "height": "36px",
        "padding": "0 10px",
        "borderRadius": "var(--radius-3)",
        "fontSize": "14px",
        "color": "var(--gray-11)",
        "transition": _EASE,
        _QUIET: {"transition": "none"},
        "&:hover": {"backgroundColor": "var(--gray-a3)", "color": "var(--gray-12)"},
        "&[aria-current=page]": {"backgroundColor": "var(--accent-a3)", "color": "var(--accent-11)", "fontWeight": "500"},
    },
    ".pb-foot": {"marginTop": "auto", "padding": "8px 10px 0"},
    ".pb-live": {"display": "flex", "alignItems": "center", "gap": "8px", "fontSize": "12px", "color": "var(--gray-11)"},
    ".pb-dot": {"width": "8px", "height": "8px", "borderRadius": "50%", "backgroundColor": "var(--green-9)", "flexShrink": "0"},
    ".pb-dot-lost": {"backgroundColor": "var(--red-9)"},
    ".pb-dot-wait": {"backgroundColor": "var(--gray-8)"},
    ".pb-column": {"flex": "1", "minWidth": "0", "display": "flex", "flexDirection": "column"},
    ".pb-top": {
        "display": "flex",
        "alignItems": "center",
        "gap": "12px",
        "height": "56px",
        "padding": "0 24px",
        "borderBottom": _LINE,
        "position": "sticky",
        "top": "0",
        "zIndex": "5",
        "backgroundColor": "var(--color-background)",
        _PHONE: {"padding": "0 16px"},
    },
    ".pb-person": {"display": "flex", "borderRadius": "50%", "cursor": "pointer", "marginLeft": "8px"},
    ".pb-content": {
        "width": "100%",
        "maxWidth": "1248px",
        "margin": "0 auto",
        "padding": "24px",
        "outline": "none",
        _PHONE: {"padding": "16px 16px 88px"},
    },
    ".pb-bottom": {
        "display": "none",
        _PHONE: {
            "display": "flex",
            "position": "fixed",
            "insetInline": "0",
            "bottom": "0",
            "zIndex": "6",
            "borderTop": _LINE,
            "backgroundColor": "var(--color-background)",
            "paddingBottom": "env(safe-area-inset-bottom)",
        },
    },
    ".pb-tab": {
        "flex": "1",
        "minWidth": "0",
        "display": "flex",
        "flexDirection": "column",
        "alignItems": "center",
        "justifyContent": "center",
        "gap": "4px",
        "height": "60px",
        "fontSize": "11px",
        "color": "var(--gray-11)",
        "&[aria-current=page]": {"color": "var(--accent-11)"},
    },
    ".pb-tab span": {"maxWidth": "100%", "overflow": "hidden", "textOverflow": "ellipsis", "whiteSpace": "nowrap"},
    ".pb-skip": {
        "position": "fixed",
        "left": "12px",
        "top": "-60px",
        "zIndex": "20",
        "padding": "10px 14px",
        "borderRadius": "var(--radius-3)",
        "backgroundColor": "var(--accent-9)",
        "color": "var(--accent-contrast)",
        "&:focus": {"top": "12px"},
    },
    ".pb-label": {"display": "block", "fontSize": "14px", "fontWeight": "500", "marginBottom": "6px"},
    ".pb-gate": {"minHeight": "100vh", "display": "flex", "flexDirection": "column", "backgroundColor": "var(--gray-2)"},
    ".pb-gate-card": {"width": "100%", "maxWidth": "400px", "padding": "32px", _PHONE: {"padding": "24px 20px"}},
}


def style() -> Any:
    """The global style sheet, as `rx.App` takes it."""
    return STYLE


def head() -> list[rx.Component]:
    """What stands in the head of every page."""
    return [rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")]


def mark(size: int) -> rx.Component:
    """Two jacks and the cable between them."""
    stroke = {"stroke": "var(--accent-9)", "strokeWidth": "2.4", "strokeLinecap": "round"}
    return rx.el.svg(
        rx.el.svg.circle(cx="5", cy="6", r="3.2", fill="none", custom_attrs=stroke),
        rx.el.svg.circle(cx="19", cy="18", r="3.2", fill="none", custom_attrs=stroke),
        rx.el.svg.path(d="M8.2 6 H12 C18 6 6 18 12 18 H15.8", fill="none", custom_attrs=stroke),
        view_box="0 0 24 24",
        width=f"{size}px",
        height=f"{size}px",
        aria_hidden="true",
    )

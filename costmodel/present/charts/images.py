"""A chart as SVG, PNG or PDF, drawn by kaleido and a Chromium where both are there.

Where they are not, the message says how to get them, and the way that needs neither: the camera
on every chart of the app and of an exported page.
"""

from __future__ import annotations

from typing import Any

from costmodel.errors import InputError

WIDTH, HEIGHT = 1280, 720
"""Pixels: a slide's shape."""

PNG_SCALE = 2

_WITHOUT = (
    "Or take it from the browser, which needs neither: open the app (streamlit run app.py) or an "
    "exported .html page, and press the camera on the chart."
)


def image_bytes(chart: Any, kind: str) -> bytes:
    """A plotly figure as `svg`, `png` or `pdf`, as high as it is laid out for.

    Raises InputError where nothing can draw it.
    """
    try:
        import kaleido  # noqa: F401
    except ImportError:
        raise InputError(
            f"a {kind} file needs the extra `images` (kaleido) and a Chromium; "
            f"pip install 'costmodel[images]'. {_WITHOUT}"
        ) from None
    from choreographer.errors import BrowserFailedError, ChromeNotFoundError

    try:
        return chart.to_image(
            format=kind,
            width=WIDTH,
            height=chart.layout.height or HEIGHT,
            scale=PNG_SCALE if kind == "png" else 1,
        )
    except (ChromeNotFoundError, BrowserFailedError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else "it did not start"
        raise InputError(
            f"a {kind} file needs Chrome or Chromium ({reason}); install one, or set "
            f"BROWSER_PATH to it. {_WITHOUT}"
        ) from None

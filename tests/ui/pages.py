"""What the tests of pages without a browser share: open one, read what it says."""

import re

from streamlit.testing.v1 import AppTest


def opened_page(name, timeout, **address):
    """A page by its module's name, with the address given."""
    return unopened_page(name, timeout, **address).run()


def unopened_page(name, timeout, **address):
    """The same before it is drawn for the first time."""
    script = f"from costmodel.ui import {name}\n{name}.page()"
    app = AppTest.from_string(script, default_timeout=timeout)
    for key, value in address.items():
        app.query_params[key] = value
    return app


def html(app):
    """All of a page's own markup."""
    return " ".join(block.proto.body for block in app.get("html"))


def headline(app):
    """The verdict in a sentence, as text."""
    found = re.search(r"<h1 class='cm-headline'>(.*?)</h1>", html(app))
    assert found, html(app)[-2000:]
    return re.sub(r"<[^>]+>", "", found.group(1))

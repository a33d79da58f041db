# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements of a page; text is escaped where the page is written, so no name can become markup. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

# What HTML cannot hold, whatever the engine let through.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

Child: TypeAlias = "Element | str | None"


def element(tag: str, *children: Child, **attributes: str) -> Element:
    """Return an element; an underscore in an attribute's name stands for a hyphen, one at its end is dropped."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): _clean(value) for name, value in attributes.items()})
    last: Element | None = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif child is not None and last is None:
            made.text = (made.text or "") + _clean(child)
        elif child is not None and last is not None:
            last.tail = (last.tail or "") + _clean(child)
    return made


def table(headings: Iterable[str], rows: Iterable[Iterable[Child]], **attributes: str) -> Element:
    """Return a table; on a narrow screen each cell carries its heading along."""
    titles = list(headings)
    head = element("thead", element("tr", *(element("th", title, scope="col") for title in titles)))
    body = element("tbody")
    for row in rows:
        cells = zip(titles, row, strict=True)
        body.append(element("tr", *(element("td", cell, data_heading=title) for title, cell in cells)))
    return element("div", element("table", head, body, **attributes), class_="wide")


def render(page: Element) -> str:
    """Return a page as an HTML document."""
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html") + "\n"


def _clean(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

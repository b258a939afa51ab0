"""Elements of HTML, in which text is escaped unless it is HTML already."""

from __future__ import annotations

import re
from html import escape

# What no HTML may hold: control characters, surrogates, and two that are no characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """Return a text as HTML; what no page may hold becomes U+FFFD, and HTML stays what it is.

    >>> escaped('1 < "2"'), escaped(Html("<br>"))
    ('1 &lt; &quot;2&quot;', '<br>')
    """
    return text if isinstance(text, Html) else Html(escape(FORBIDDEN.sub("\ufffd", str(text))))


def joined(*parts: object, between: str = "") -> Html:
    """Return parts as one, each escaped."""
    return Html(between.join(escaped(part) for part in parts))


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """Return an element with its end tag; an attribute that is None is left out, and ``class_`` stands for ``class``.

    >>> element("a", "1 < 2", href="#table", class_=None)
    '<a href="#table">1 &lt; 2</a>'
    """
    return Html(f"{start(name, **attributes)}{joined(*content)}</{name}>")


def start(name: str, /, **attributes: object) -> Html:
    """Return a start tag, or an element that has no end tag.

    >>> start("meta", charset="utf-8", http_equiv=None)
    '<meta charset="utf-8">'
    """
    given = [(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None]
    return Html(f"<{name}{''.join(f' {key}={_quoted(value)}' for key, value in given)}>")


def _quoted(value: object) -> str:
    return f'"{escaped(str(value))}"'

"""Docstrings for the reference: sections become lists, sessions become blocks of code, public names become links.

The house writes ``name : what it is, its shape and unit`` in sections in the manner of NumPy. A parser of that style takes
what follows the colon for a type; here it stays a sentence.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import griffe

HEAD = re.compile(r"^([A-Z][^\n]{0,80})\n-{3,}\n", re.MULTILINE)
ENTRY = re.compile(r"^\S[^\n]* : ", re.MULTILINE)
SESSION = re.compile(r"(?:^[ \t]*>>> .*\n?(?:^(?!\s*$).*\n?)*)+", re.MULTILINE)


def public_names() -> set[str]:
    """Return the names that have a place in the reference."""
    text = (Path(__file__).parents[2] / "src" / "nearclifford" / "__init__.py").read_text(encoding="utf-8")
    return set(re.findall(r'^    "(\w+)",$', text, re.MULTILINE)) - {"__version__"}


NAMES = public_names()


def converted(docstring: str) -> str:
    """Return a docstring as Markdown."""
    pieces = HEAD.split(inspect.cleandoc(docstring))
    text = [prose(pieces[0])]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        text.append(f"**{title}**")
        text.append(items(body) if ENTRY.match(body) else prose(body))
    return "\n\n".join(part for part in text if part.strip())


def prose(text: str) -> str:
    """Return paragraphs with their sessions fenced and their names linked."""
    pieces, end = [], 0
    for session in SESSION.finditer(text):
        pieces += [linked(text[end : session.start()]), f"\n```pycon\n{session[0].rstrip()}\n```\n"]
        end = session.end()
    return "".join([*pieces, linked(text[end:])]).strip("\n")


def items(body: str) -> str:
    """Return a list of a section's entries; what is indented under an entry goes on with it, and prose may follow."""
    end = next(
        (match.start() for match in re.finditer(r"\n\n(?=\S)", body) if not ENTRY.match(body, match.end())), len(body)
    )
    found: list[str] = []
    for line in body[:end].strip("\n").split("\n"):
        if line and not line[0].isspace() and " : " in line:
            names, text = line.split(" : ", 1)
            found.append(f"- {', '.join(f'`{name.strip()}`' for name in names.split(','))}: {text}")
        elif found:
            found[-1] += f"\n    {line.strip()}" if line.strip() else "\n"
        else:
            found.append(line)
    return linked("\n".join(found)) + "\n\n" + prose(body[end:])


def linked(text: str) -> str:
    """Return the text with `nearclifford.name` and `name` leading to the reference where the name is public."""
    text = re.sub(r"``([^`]+)``", r"`\1`", text)

    def link(match: re.Match[str]) -> str:
        name = match[2]
        return f"[`{match[1] or ''}{name}`][nearclifford.{name}]" if name in NAMES else match[0]

    return re.sub(r"(?<!\[)`(nearclifford\.|nc\.)?(\w+)`(?!\])", link, text)


class HouseDocstrings(griffe.Extension):
    """Rewrites every docstring once it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one module, class, function or attribute."""
        if obj.docstring and not obj.docstring.value.startswith("\u200b"):
            obj.docstring.value = converted(obj.docstring.value)

"""What mkdocs calls while it builds the site: pages from other places, links, formulas, names that lead to the reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import site_formulas
import site_links
import site_notebooks
import site_reference
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]


def on_files(files: Files, config: Any) -> Files:
    """Add the home page, pages from outside docs/, the notebooks and the reference, and fill the navigation with them."""
    for source, page in site_links.PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    notebooks = site_notebooks.pages(ROOT / "notebooks")
    for name, content in {**notebooks.pages, **notebooks.pictures}.items():
        files.append(File.generated(config, name, content=content))
    reference = site_reference.pages(ROOT)
    for name, content in reference.items():
        files.append(File.generated(config, name, content=content))
    lists = {"notebooks/": list(notebooks.pages), "api/": list(reference)}
    config.nav = filled(config.nav, lists, {file.src_uri for file in files})
    return files


def filled(nav: list[Any], lists: dict[str, list[str]], known: set[str]) -> list[Any]:
    """Return the navigation with folders replaced by their pages, and without what is marked ``?`` and is not there."""
    found = []
    for item in nav:
        if isinstance(item, str):
            title, target = None, item
        else:
            [(title, target)] = item.items()
        if isinstance(target, list):
            target = filled(target, lists, known)
        elif target in lists:
            target = lists[target]
        elif target.endswith("?"):
            target = target[:-1]
            if target not in known:
                continue
        if target:
            found.append(target if title is None else {title: target})
    return found


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to files of the repository to their pages, and show those that have none as names."""
    return site_links.rewritten(markdown, page.file.src_uri, ROOT)


def on_page_content(html: str, page: Any, files: Files, **_: Any) -> str:
    """Write formulas as MathML, and lead names such as ``nc.train`` to the reference."""
    html = site_formulas.as_mathml(html, page.file.src_uri)
    rooms = site_reference.rooms_of_names(ROOT)

    def linked(match: re.Match[str]) -> str:
        before = html[: match.start()]
        room = rooms.get(match[2])
        if room is None or before.rfind("<a ") > before.rfind("</a>"):
            return match[0]
        target = files.get_file_from_path(f"api/{room}.md")
        return f'<a href="{target.url_relative_to(page.file)}#nearclifford.{match[2]}"><code>{match[1]}</code></a>'

    return re.sub(r"<code>(nc\.(\w+)[^<]*)</code>", linked, html)

"""Links that work in the repository and on the site: a link to a file leads to its page, or becomes the file's name."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

# Files outside docs/ that have a page.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmark_scripts.md",
}
FENCE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1`*[ \t]*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:)([^)\s#]+)(#[^)\s]*)?\)")


def source_of(page: str) -> str:
    """Return the file of the repository that a page of the site is made of."""
    found = {target: source for source, target in PAGES.items()}.get(page)
    if found:
        return found
    return page.removesuffix(".md") + ".ipynb" if page.startswith("notebooks/") else f"docs/{page}"


def page_of(file: str) -> str | None:
    """Return the page, or file, of the site for a file of the repository."""
    if file in PAGES:
        return PAGES[file]
    if re.fullmatch(r"notebooks/[^/]+\.ipynb", file):
        return file.removesuffix(".ipynb") + ".md"
    return file.removeprefix("docs/") if file.startswith("docs/") else None


def rewritten(markdown: str, page: str, root: Path) -> str:
    """Return the text of a page with its links changed; what stands in a block of code is left alone."""
    if page.startswith("api/"):
        return markdown
    folder = posixpath.dirname(source_of(page))

    def changed(match: re.Match[str]) -> str:
        picture, text, path, anchor = match.groups()
        file = posixpath.normpath(posixpath.join(folder, path))
        if not (root / file).exists():
            return match[0]  # made for the site, as the pictures of notebooks; mkdocs says what leads nowhere
        target = page_of(file)
        if target is None:
            return text if file in text or posixpath.basename(file) in text else f"{text} (`{file}`)"
        return f"{picture}[{text}]({posixpath.relpath(target, posixpath.dirname(page) or '.')}{anchor or ''})"

    pieces, end = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [LINK.sub(changed, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, LINK.sub(changed, markdown[end:])])

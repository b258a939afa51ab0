"""The pages of docs/ and CONTRIBUTING.md cannot drift: their examples run, and the files that they name exist.

A ``pycon`` block is a session that prints what the page shows; a ``python`` block runs as it stands. The blocks of one page
run in order and share their names.
"""

from __future__ import annotations

import doctest
import pkgutil
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def heading_anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_the_page_says(page):
    names: dict[str, object] = {"__name__": "__main__"}  # a user types these
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    text = page.read_text(encoding="utf-8")
    for block in FENCE.finditer(text):
        language, code = block.groups()
        line = text.count("\n", 0, block.start()) + 1
        if language == "python":
            exec(compile("\n" * line + code, str(page), "exec"), names)
        elif language == "pycon":
            session = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            assert session.examples, f"{page.name}:{line} has no prompt"
            runner.run(session, clear_globs=False)
            names = session.globs
        else:
            assert ">>>" not in code, f"{page.name}:{line} is a session, but no pycon block"
    assert runner.summarize(verbose=False).failed == 0


def test_pages_with_examples_have_some():
    found = {
        page.name: len(re.findall(r"^```(?:pycon|python)$", page.read_text(encoding="utf-8"), re.MULTILINE))
        for page in PAGES
    }
    assert found["theory.md"] >= 7 and found["CONTRIBUTING.md"] >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        assert not anchor or anchor in heading_anchors(linked.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_folders_that_a_page_names_exist(page):
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    package = ROOT / "src" / "nearclifford"
    for name in re.findall(r"`([\w./-]+(?:\.py|\.md|\.cu|\.toml|/))`", prose):
        assert any((folder / name).exists() for folder in (ROOT, package, package / "kernels")), f"{page.name} names {name}"


def test_names_that_docs_and_docstrings_give_exist():
    named = set()
    for file in [*PAGES, ROOT / "README.md", *(ROOT / "src").rglob("*.py")]:
        named |= set(re.findall(r"`(nearclifford(?:\.\w+)+)`", file.read_text(encoding="utf-8")))
    assert len(named) > 20
    for name in named:
        assert pkgutil.resolve_name(name) is not None


def test_sections_that_docstrings_cite_exist():
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "theory.md").read_text(encoding="utf-8"), re.MULTILINE)
    cited = set()
    for file in (ROOT / "src").rglob("*.py"):
        text = re.sub(r"\s+", " ", file.read_text(encoding="utf-8"))
        cited |= {(file.name, title) for title in re.findall(r'docs/theory\.md, "([^"]+)"', text)}
        assert text.count("theory.md") == len(re.findall(r'docs/theory\.md, "([^"]+)"', text)), file
    assert {title for _, title in cited} <= set(headings), cited
    assert len(cited) >= 10

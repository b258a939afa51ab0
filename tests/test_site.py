"""The site of the documentation: it builds strictly, and a Chromium shows it without an error and without another host."""

from __future__ import annotations

import ast
import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("mkdocs", "material", "mkdocstrings_handlers", "math_core")
if missing := [name for name in NEEDED if find_spec(name) is None]:
    pytest.skip(f"the extra docs is not installed: {', '.join(missing)}", allow_module_level=True)
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
PHONE, DESKTOP = {"width": 390, "height": 800}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as `make docs` does; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def pages(site):
    """Return every page with its text."""
    return {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}


def test_every_page_of_the_docs_is_there_and_in_the_navigation(site):
    found = pages(site)
    for page in (ROOT / "docs").glob("*.md"):
        assert f"{page.stem}.html" in found
        assert f'href="{page.stem}.html"' in found["index.html"], page.name


def test_every_public_name_is_in_the_reference(site):
    tree = ast.parse((ROOT / "src" / "nearclifford" / "__init__.py").read_text(encoding="utf-8"))
    [names] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
    ]
    reference = "".join(text for name, text in pages(site).items() if name.startswith("api/"))
    assert len(names) > 100
    for name in set(names) - {"__version__"}:
        assert f'id="nearclifford.{name}"' in reference, name


def test_no_formula_is_left_as_latex(site):
    for name, text in pages(site).items():
        prose = re.sub(r"<(pre|code|script)\b.*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\$\s*<(?:span[^>]*><)?math", prose), name
        assert "arithmatex" not in prose and not re.search(r"\\[a-z]+|\$[^$\s<][^$<]*\$", prose), name
    written = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    assert pages(site)["theory.html"].count("<math") > written.count("```math") + 300


def test_nothing_is_loaded_from_elsewhere(site):
    for name, text in pages(site).items():
        loaded = re.findall(r"<(?:script|img|link|iframe)\b[^>]*?\b(?:src|href)=\"?(https?:)?//", text)
        assert not loaded, name
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_links_and_anchors_within_the_site_lead_somewhere(site):
    found = pages(site)
    anchors = {name: set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for name, text in found.items()}
    for name, text in found.items():
        if name == "404.html":  # its links are absolute
            continue
        main = text.split('<article class="md-content__inner', 1)[-1].split("</article>", 1)[0]
        for target in re.findall(r'<a\b[^>]*?href="([^":]*)"', main):
            path, _, anchor = target.partition("#")
            linked = (site / name).parent.joinpath(path).resolve() if path else site / name
            assert linked.is_file(), f"{name} links to {target}"
            if anchor and linked.suffix == ".html":
                assert anchor in anchors[linked.relative_to(site.resolve()).as_posix()], f"{name} links to {target}"


@pytest.fixture(scope="module")
def browser():
    """Start a headless Chromium, where there is one."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tool:
        started = tool.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(site):
    """Serve the site on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def opened(browser, request):
    """Return a page that notes errors and requests."""
    page = browser.new_page(viewport=request.param)
    notes = {"errors": [], "requests": [], "failed": []}
    page.on(
        "console", lambda message: notes["errors"].append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: notes["errors"].append(str(error)))
    page.on("requestfailed", lambda failed: notes["failed"].append(f"{failed.failure} {failed.url}"))
    page.on("request", lambda sent: notes["requests"].append(sent.url))
    yield page, notes
    page.close()


def first_notebook(site):
    """Return the name of a page made of a notebook."""
    return min(path.relative_to(site).as_posix() for path in site.glob("notebooks/*.html"))


SIZES = pytest.mark.parametrize("opened", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True)


@SIZES
def test_pages_show_without_errors_and_fit_the_screen(opened, address, site):
    page, notes = opened
    names = (
        "index",
        "tutorial",
        "theory",
        "training",
        "choosing_a_backend",
        "something_else",
        "reproduction",
        "foreign_circuits",
    )
    for name in (*(f"{name}.html" for name in names), "api/index.html", "api/statistics.html", first_notebook(site)):
        page.goto(address + name, wait_until="load")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"], f"{name} is {width} wide"
        broken = page.evaluate("[...document.images].filter(i => !(i.complete && i.naturalWidth)).map(i => i.src)")
        assert not broken, f"{name}: {broken}"
    assert not notes["errors"]
    assert all(failed.startswith("net::ERR_ABORTED") for failed in notes["failed"])  # the next page was asked for
    assert all(url.startswith((address, "data:", "blob:")) for url in notes["requests"])


@SIZES
def test_formulas_are_laid_out(opened, address):
    page, _ = opened
    page.goto(f"{address}theory.html")
    sizes = page.evaluate(
        """[...document.querySelectorAll('.formula math')].map(formula => {
            const box = formula.getBoundingClientRect(), around = formula.closest('.formula').getBoundingClientRect();
            return [box.width, box.height, around.width, getComputedStyle(formula).fontSize];
        })"""
    )
    assert len(sizes) > 20 and all(width > 20 and height > 12 for width, height, *_ in sizes)
    assert (
        page.evaluate("document.querySelector('.formula munderover, .formula munder').getBoundingClientRect().height") > 20
    )


@SIZES
@pytest.mark.parametrize("by_file", [False, True], ids=["served", "from the folder"])
def test_search_finds(opened, address, site, by_file):
    page, notes = opened
    page.goto((site / "index.html").as_uri() if by_file else address)
    if page.viewport_size == PHONE:
        page.locator("label.md-header__button[for=__search]").click()
    page.locator("input[name=query]").click()
    page.locator("input[name=query]").press_sequentially("search_encoder", delay=10)
    result = page.locator(".md-search-result__link").first
    result.wait_for(state="visible", timeout=20_000)
    assert "encoder" in page.locator(".md-search-result__list").inner_text().lower()
    assert not notes["errors"]
    assert all(url.startswith(("http://127.0.0.1", "file:", "data:", "blob:")) for url in notes["requests"])

"""The page of a study: valid, alone, escaped, the same for the same results; and in Chromium where there is one."""

from __future__ import annotations

import re
import shutil
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nearclifford.cli import main
from nearclifford.plots.style import add_caption, save
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.page import page_of, save_page
from nearclifford.studies.page.tables import MOST_ROWS
from nearclifford.studies.toml_files import toml_of

EVIL = '<script>alert(1)</script> & "quotes" \x00'
VOID = {"meta", "link", "wbr", "br"}


def results(rows: int = 30, title: str = "A study", image: bool = False) -> SimpleNamespace:
    frame = pd.DataFrame(
        {"ansatz": "mhea", "n_qubits": np.arange(rows) % 7, "norm": np.linspace(1, 0.1, rows) / 3, "word": title}
    )
    frame.loc[1, "norm"] = np.nan

    def save_figures(directory: Path, made_by: str) -> list[Path]:
        paths = []
        for name in ("one", "two"):
            figure = Figure(layout="constrained")
            axis = figure.subplots()
            axis.imshow([[0, 1]]) if image else axis.plot([0, 1], [1, 2], "o-", label="norm")
            axis.set_title(title.replace("\x00", ""))
            add_caption(figure, f"Caption {name}", made_by)
            paths += save(figure, directory / name)
        return paths

    return SimpleNamespace(
        title=title, frame=frame, columns={"norm": f"the norm {title}"}, tables={"fits": frame.head(2)},
        text=f"report {title}",
        save_figures=save_figures, asked={"title": "t", "qubits": (2, 4), "observable": "random_pauli"},
        failures=pd.DataFrame({"point": ["p"], "error": [title]}),
    )  # fmt: skip


class Reader(HTMLParser):
    """Notes open tags, ids, references and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def count(self, tag):
        return sum(name == tag for name, _ in self.seen)


@pytest.mark.parametrize("image", [False, True])
def test_a_page_is_whole_and_alone(image):
    page = page_of(results(image=image), "nearclifford study a.toml", {"date": "2026-01-01"})
    found = Reader(page)
    assert found.open == []
    ids = [given["id"] for _, given in found.seen if "id" in given]
    assert len(ids) == len(set(ids))
    for _, given in found.seen:
        for name, value in given.items():
            assert not name.startswith("on")
            if name in ("href", "src"):
                assert value == "data:," or value.startswith("data:image/") or value[1:] in ids
            assert all(target in ids for target in re.findall(r"url\(#([^)]+)\)", value or ""))
    assert found.count("svg") == found.count("figure") == 2
    [policy] = [given["content"] for _, given in found.seen if given.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    for text in ("2026-01-01", "nearclifford study a.toml", "Figure 1.", " Caption one "):
        assert text in "".join(found.texts)


def test_text_is_never_a_tag():
    found = Reader(page_of(results(title=EVIL), EVIL, {"machine": EVIL}))
    assert found.open == [] and found.count("script") == 1
    assert "".join(found.texts).count('<script>alert(1)</script> & "quotes" \ufffd') >= 6


def test_the_same_results_give_the_same_page(tmp_path):
    first = page_of(results(), "c", {"date": "d"})
    assert first == page_of(results(), "c", {"date": "d"}) != page_of(results(), "c", {"date": "e"})
    assert save_page(results(), tmp_path / "page.html", "c", {"date": "d"}).read_text(encoding="utf-8") == first


def test_long_tables_are_cut_and_say_so():
    page = page_of(results(rows=MOST_ROWS + 700), "c", {})
    assert "The first 500 of 1,200 rows" in page and "table.csv" in page
    assert len(re.findall("<tr>", page)) == 1 + MOST_ROWS + 1 + 2 + 1 + 1


def test_numbers_keep_their_full_value():
    page = page_of(results(), "c", {})
    assert f'title="{float(results().frame["norm"][0])!r}">0.3333</td>' in page
    assert '<td class="n">–</td>' in page


def test_toml_comes_back():
    given = {"a": [1, 2.5, 'x"\\\n\x7fσ'], "b": True, "c d": {"e": 1e-5, "f": {"g": [{"h": 1}]}}, "i": -3}
    assert tomllib.loads(toml_of(given)) == given


def test_the_command_prints_the_path(tmp_path, capsys):
    """Of a study of two points that another program has left behind."""
    Study(StudySpec(["mhea"], [2], sigma=["1"], draws=2, encoder=["none"])).run(tmp_path / "out", workers=1, progress=False)
    assert main(["report", str(tmp_path / "out"), "-o", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'page.html'}\n"
    assert "gradient" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser():
    driver = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium")
    with driver.sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, tmp_path):
    path = save_page(results(title=EVIL), tmp_path / "page.html", "c", {})
    tab = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="light")
    said, asked = [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(dialog.message) or dialog.dismiss())
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    yield tab
    tab.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


def test_a_phone_shows_it_without_scrolling_sideways(opened):
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360


def test_columns_are_sorted(opened):
    def numbers():
        return opened.eval_on_selector_all(
            "#table tbody tr", "rows => rows.map(row => row.cells[0].textContent + ' ' + row.cells[1].textContent)"
        )

    asked = numbers()
    button = opened.locator("#table th button", has_text="norm")
    button.click()
    ascending = [row.split()[1] for row in numbers()]
    assert ascending[-1] == "–" and list(map(float, ascending[:-1])) == sorted(map(float, ascending[:-1]))
    button.click()
    descending = [row.split()[1] for row in numbers()]
    assert descending[-1] == "–" and descending[:-1] == ascending[:-1][::-1]
    button.click()
    assert numbers() == asked


def test_dark_is_dark(opened):
    def brightness():
        return sum(map(int, re.findall(r"\d+", opened.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]))

    light = brightness()
    opened.emulate_media(color_scheme="dark")
    assert brightness() < 100 < 700 < light
    opened.emulate_media(color_scheme="dark", media="print")
    assert brightness() == light

"""The page of a study: what was asked, figures, tables, the report, what failed, and how to repeat it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nearclifford.files import path_of, replacing
from nearclifford.studies.page.drawings import Drawing, drawing_of
from nearclifford.studies.page.elements import Html, element, joined, start
from nearclifford.studies.page.tables import table_html
from nearclifford.studies.toml_files import toml_of, toml_value

if TYPE_CHECKING:
    from nearclifford.studies.results import StudyResults

# Of the entries that a study asks for, what stands elsewhere on the page.
NOT_LISTED = ("title",)


def save_page(results: StudyResults, path: str | Path, command: str, environment: Mapping[str, str]) -> Path:
    """Write the page of a study, as a whole or not at all, and return its path; arguments of `page_of`.

    Raises `NearCliffordError`, in one line, for a place that cannot be written.
    """
    target = path_of(path, "path")
    page = page_of(results, command, environment)
    with replacing(target, "a place for the page of a study") as stream:
        stream.write(page.encode())
    return target


def page_of(results: StudyResults, command: str, environment: Mapping[str, str]) -> str:
    """Return the results of a study as one HTML page that asks for no other file.

    The same results give the same page, to the last byte: the only date on it is one that ``environment`` holds.

    Parameters
    ----------
    results : what was found.
    command : what repeats it, as it is typed.
    environment : what the numbers were made with, by name: versions, machine, date.
    """
    drawings = _drawings(results)
    sections = {
        "Asked": _asked(results.asked),
        "Figures": joined(*(one.html(number) for number, one in enumerate(drawings, 1)), between="\n") if drawings else None,
        "Table": table_html(results.frame, results.columns, "Table of the study", "table.csv"),
        **{
            _title(name): table_html(frame, results.columns, f"Table {name}", f"{name}.csv")
            for name, frame in results.tables.items()
        },
        "Report": element("pre", results.text, class_="report", tabindex="0"),
        "Failed points": None
        if results.failures.empty
        else table_html(results.failures, {}, "Failed points", "failures.csv"),
        "Made with": _definitions(environment),
        "To repeat it": element("pre", command, class_="copied"),
    }
    shown = {title: content for title, content in sections.items() if content}
    return _whole(results, shown)


def _drawings(results: StudyResults) -> list[Drawing]:
    with TemporaryDirectory() as folder:
        paths = [path for path in results.save_figures(Path(folder), "") if path.suffix == ".svg"]
        return [drawing_of(path, number) for number, path in enumerate(paths, 1)]


def _title(name: str) -> str:
    return f"Table {name.replace('_', ' ')}"


def _asked(entries: Mapping[str, Any]) -> Html:
    """Return the entries of the study's file, as a list to read and as the file to copy."""
    listed = {key: _said(value) for key, value in entries.items() if key not in NOT_LISTED and value is not None}
    file = element("pre", toml_of(entries), class_="copied")
    return joined(_definitions(listed), element("details", element("summary", "As a file, study.toml"), file), between="\n")


def _said(value: Any) -> str:
    if isinstance(value, list | tuple) and not any(isinstance(entry, list | tuple | Mapping) for entry in value):
        return ", ".join(map(_said, value))
    return value if isinstance(value, str) else toml_value(value)


def _definitions(entries: Mapping[str, object]) -> Html:
    pairs = (element("div", element("dt", name), element("dd", said)) for name, said in entries.items())
    return element("dl", joined(*pairs, between="\n"), class_="pairs")


def _whole(results: StudyResults, sections: Mapping[str, Html]) -> str:
    look, script = (files(__package__).joinpath(name).read_text(encoding="utf-8") for name in ("look.css", "sort.js"))
    title = results.title or "Results of a study"
    names = {heading: heading.lower().replace(" ", "-") for heading in sections}
    failed = len(results.failures)
    body = [
        element("header", element("h1", title), _summary(results, failed)),
        element(
            "nav", *(element("a", heading, href=f"#{name}") for heading, name in names.items()), aria_label="On this page"
        ),
        element("main", *(_section(heading, names[heading], content) for heading, content in sections.items())),
        element("footer", "Made by nearclifford. Everything on this page is in this file; it loads nothing."),
        element("script", Html(script)),
    ]
    head = [
        start("meta", charset="utf-8"),
        start("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        start("meta", name="viewport", content="width=device-width, initial-scale=1"),
        start("meta", name="color-scheme", content="light dark"),
        start("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(look)),
    ]
    page = [element("head", *_lines(head)), element("body", *_lines(body))]
    return f"<!DOCTYPE html>\n{element('html', *_lines(page), lang='en')}\n"


def _lines(parts: list[Html]) -> list[Html]:
    return [Html(f"\n{part}") for part in parts] + [Html("\n")]


def _section(heading: str, name: str, content: Html) -> Html:
    return element("section", *_lines([element("h2", heading), content]), id=name, class_="part")


def _summary(results: StudyResults, failed: int) -> Html:
    experiment = results.asked.get("experiment")
    said: list[object] = [f"Experiment {experiment}"] if experiment else []
    said.append(f"{len(results.frame):,} row{'s' * (len(results.frame) != 1)}")
    if failed:
        said.append(element("a", f"{failed:,} point{'s' * (failed != 1)} failed", href="#failed-points", class_="failed"))
    return element("p", joined(*said, between=" · "), class_="summary")


def _policy(script: str) -> str:
    """Return what a browser may do: use the styles of the page, run its one script, show images that are in it."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )

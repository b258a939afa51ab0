"""The page of a run: tables with the fastest first, so that what beats the package stands above it, and nothing left out."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

Made by `make bench`: every table is one run on one machine, all contenders in processes of their own, rounds that alternate
between them, medians of the rounds. Before anything is timed the contenders must agree; one column says how well they did.
A contender that does not install, crashes, takes too long or disagrees keeps its row. Rows are sorted by time: **what
stands above nearclifford is faster than it**. The numbers are in `benchmarks/data/bench.json`.

"""

QUICK = "**Parts of this page are of `--quick`: small problems, two rounds; the command of each section tells.**\n\n"


def write(found: dict[str, dict[str, Any]]) -> str:
    """Return the page of the finished questions, by name."""
    quick = any("--quick" in one["command"] for one in found.values())
    parts = [HEAD, QUICK if quick else "", losses(found)]
    for one in found.values():
        parts.append(f"## {one['question']}\n\n{one['text'].strip()}\n\n{circumstances(one)}\n\n")
        parts += [table_text(table) for table in one["tables"]]
        parts += [growth_text(growth) for growth in one.get("growth", [])]
    return "".join(parts).rstrip() + "\n"


def losses(found: dict[str, dict[str, Any]]) -> str:
    """Return the section on what is faster than the package: each contender of each table."""
    lines = [line for one in found.values() for table in one["tables"] for line in losses_of(table)]
    body = "\n".join(lines) if lines else "Nowhere in this run."
    return f"## Where nearclifford is not the fastest\n\n{body}\n\n"


def losses_of(table: dict[str, Any]) -> list[str]:
    """Return a line for each contender that is faster than our best row."""
    ours = best_of_ours(table)
    if ours is None:
        return [f"- {table['title']}: nearclifford has no time: {state}" for state in states_of_ours(table)]
    return [
        f"- {table['title']}: {row['title']} takes {number(row['median'] / ours)} of the time."
        for row in ordered(table["rows"])
        if row["median"] is not None and not row["ours"] and row["median"] < ours
    ]


def best_of_ours(table: dict[str, Any]) -> float | None:
    """Return the seconds of our fastest row."""
    times = [row["median"] for row in table["rows"] if row["ours"] and row["median"] is not None]
    return min(times) if times else None


def states_of_ours(table: dict[str, Any]) -> list[str]:
    """Return what became of our rows."""
    return [row["state"] for row in table["rows"] if row["ours"]]


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all rows, the fastest first, those without a time last."""
    return sorted(rows, key=lambda row: float("inf") if row["median"] is None else row["median"])


def table_text(table: dict[str, Any]) -> str:
    """Return a table: a row for every contender."""
    ours = best_of_ours(table)
    lines = [
        f"### {table['title']}\n",
        f"{table['note']}. Load of the machine before and after: {table['load'][0]:.1f}, {table['load'][1]:.1f}.\n",
        f"| contender | {table['unit']} | slowest and fastest round | times ours | {table['accuracy']} | made in | "
        "processes x threads |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *(row_text(row, table["scale"], ours) for row in ordered(table["rows"]))]) + "\n\n"


def row_text(row: dict[str, Any], scale: float, ours: float | None) -> str:
    """Return the row of a contender."""
    note = "; ".join(part for part in (row.get("note"), row.get("part")) if part)
    title = f"**{row['title']}**" if row["ours"] else row["title"]
    title += f" ({note})" if note else ""
    error = "" if row["error"] is None else f"{row['error']:.1e}"
    if row["median"] is None:
        return f"| {title} | {row['state']} | | | {error} | | |"
    ratio = "" if ours is None else number(row["median"] / ours)
    spread = f"{number(row['high'] * scale)}, {number(row['low'] * scale)}"
    made = f"{number(row['made'])} s"
    return f"| {title} | {number(row['median'] * scale)} | {spread} | {ratio} | {error} | {made} | {row['setting']} |"


def growth_text(growth: dict[str, Any]) -> str:
    """Return a table of how one cost grows with one size, with the fitted law."""
    lines = [
        f"### {growth['title']}\n",
        f"{growth['law']}. Load {growth['load']:.1f}.\n",
        f"| {growth['variable']} | " + " | ".join(growth["columns"]) + " |",
        "|---:|" + "---:|" * len(growth["columns"]),
    ]
    for first, *rest in growth["rows"]:
        lines.append(f"| {first} | " + " | ".join(cell if isinstance(cell, str) else number(cell) for cell in rest) + " |")
    return "\n".join(lines) + "\n\n"


def number(value: float) -> str:
    """Return three digits, without an exponent where a reader needs none.

    >>> number(0.012345), number(1234.5), number(3.2e-7)
    ('0.0123', '1,234', '3.2e-07')
    """
    if value and not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def circumstances(one: dict[str, Any]) -> str:
    """Return machine, versions, date, command."""
    day = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(one["begun"]))
    versions = "; ".join(
        ", ".join(f"{package} {version}" for package, version in packages.items())
        for packages in one["versions"].values()
        if packages
    )
    return f"*{one['machine']}. {versions}. {day}, {one['seconds']:.0f} s. `{one['command']}`*"


def machine() -> str:
    """Return processor, cores, memory, Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"

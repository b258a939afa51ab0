"""Studies that come with the package, one TOML file each."""

from __future__ import annotations

import tomllib
from pathlib import Path

from nearclifford.errors import NearCliffordError

FOLDER = Path(__file__).parent


def preset_names() -> list[str]:
    """Return the names of the presets.

    >>> {"quick", "trainability"} <= set(preset_names())
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def preset_titles() -> dict[str, str]:
    """Return what each preset is, in a line, by its name; a title is read without making the study.

    >>> preset_titles()["noise-depth"]
    'How an encoded derivative survives depolarizing noise, against depth; three minutes'
    """
    return {name: str(tomllib.loads(preset_path(name).read_text(encoding="utf-8"))["title"]) for name in preset_names()}


def preset_path(name: str) -> Path:
    """Return the file of a preset: copy it to start a study of your own."""
    if not isinstance(name, str) or name not in preset_names():
        raise NearCliffordError(f"There is no preset {name!r}; expected one of {', '.join(preset_names())}, or a TOML file.")
    return FOLDER / f"{name}.toml"

"""Draw the figure of the tutorial by the code that the tutorial shows.

python docs/site/draw_tutorial.py [docs/figures/tutorial.png]
"""

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]


def main(target: Path) -> None:
    """Run the ``python`` blocks of the page and keep what they call ``figure``."""
    names: dict[str, Any] = {}
    for block in re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "tutorial.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        exec(block, names)
    names["figure"].savefig(target, dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "figures" / "tutorial.png")

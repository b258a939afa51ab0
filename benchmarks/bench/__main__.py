"""All benchmarks in one run: own environments, agreement before times, one page with the losing rows first.

    python benchmarks/bench [--quick] [--only exact sampling ...] [--resume] [--noncommercial]

Environments are made on first use, in .bench. A table that is finished is kept there; --resume takes it as it is and goes on
with the next, else it is measured anew. Writes docs/benchmarks.md and benchmarks/data/bench.json (with --quick:
.bench/quick). Exits with 1 if contenders disagree.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import page
import propagation
from contest import DISAGREES, Pool, measure
from environments import Environments

ROOT = Path(__file__).parents[2]
QUESTIONS = {
    "exact": "Exact gradients",
    "sampling": "Statistics over a patch",
    "propagation": "Surrogates: values and gradients near a Clifford point",
    "descent": "Training",
    "scaling": "How the cost of nearclifford grows",
}
LICENCE = "left out: its licence allows noncommercial use only (`--noncommercial` enters it)"
ROUNDS, QUICK_ROUNDS = 5, 2


def arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(QUESTIONS), default=list(QUESTIONS), metavar="QUESTION")
    parser.add_argument("--quick", action="store_true", help="small problems and few rounds; nothing in docs is touched")
    parser.add_argument("--resume", action="store_true", help="keep the questions that are finished")
    parser.add_argument("--noncommercial", action="store_true", help="enter padopauli, whose licence asks for that")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where environments and finished questions are")
    parser.add_argument("--environment", nargs="+", default=[], metavar="NAME=FOLDER", help="use what is there")
    return parser.parse_args()


def main() -> int:
    """Measure, write the page; return 1 if anything disagreed."""
    options = arguments()
    given = {name: Path(folder).resolve() for name, _, folder in (pair.partition("=") for pair in options.environment)}
    left_out = {"julia": propagation.JULIA} | ({} if options.noncommercial else {"padopauli": LICENCE})
    environments = Environments(options.folder.resolve(), given, left_out)
    kept = options.folder.resolve() / ("quick" if options.quick else "full")
    kept.mkdir(parents=True, exist_ok=True)
    if not options.resume:
        shutil.rmtree(environments.folder / "found", ignore_errors=True)
    (environments.folder / "found").mkdir(exist_ok=True)
    for question in options.only:
        answer(question, kept / f"{question}.json", environments, options)
    found = {name: json.loads((kept / f"{name}.json").read_text()) for name in QUESTIONS if (kept / f"{name}.json").exists()}
    text, numbers = page.write(found), json.dumps(found, indent=1) + "\n"
    out, data = (kept, kept) if options.quick else (ROOT / "docs", ROOT / "benchmarks" / "data")
    (out / "benchmarks.md").write_text(text, encoding="utf-8")
    (data / "bench.json").write_text(numbers, encoding="utf-8")
    print(f"{out / 'benchmarks.md'}\n{data / 'bench.json'}")
    return int(any(row["state"] == DISAGREES for one in found.values() for table in one["tables"] for row in table["rows"]))


def answer(question: str, path: Path, environments: Environments, options: argparse.Namespace) -> None:
    """Measure the tables of a question and keep each as it is finished; with --resume those that are there stay."""
    before = json.loads(path.read_text()) if options.resume and path.exists() else {"tables": [], "seconds": 0.0}
    if before.get("complete"):
        return
    done = {table["key"]: table for table in before["tables"]}
    start, rounds = time.time(), QUICK_ROUNDS if options.quick else ROUNDS
    module, pool, tables = importlib.import_module(question), Pool(environments), []
    record = {
        "question": QUESTIONS[question], "text": module.__doc__, "begun": before.get("begun", start),
        "machine": page.machine(), "command": shlex.join(["python", "benchmarks/bench", *sys.argv[1:]]), "tables": tables,
    }  # fmt: skip
    for bout in module.bouts(options.quick):
        print(f"[{time.strftime('%H:%M:%S', time.gmtime())}] ", end="")
        tables.append(done[bout.key] if bout.key in done else measure(bout, pool, rounds))
        keep(record, path, before["seconds"] + time.time() - start, environments)
    if hasattr(module, "growth"):
        record["growth"] = module.growth(options.quick, pool)
    pool.close()
    record["complete"] = True
    keep(record, path, before["seconds"] + time.time() - start, environments)
    print(f"{QUESTIONS[question]}: {record['seconds']:.0f} s", flush=True)


def keep(record: dict[str, Any], path: Path, seconds: float, environments: Environments) -> None:
    """Write what is known of a question."""
    used = sorted({row["environment"] for table in record["tables"] for row in table["rows"]} | {"own"})
    record |= {"seconds": seconds, "versions": {name: environments.versions(name) for name in used}}
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

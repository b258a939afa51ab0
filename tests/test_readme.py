"""What the README shows was really printed: its example runs and gives the output below it."""

import doctest
import re
from pathlib import Path

import nearclifford as nc

README = Path(__file__).parent.parent / "README.md"


def test_the_example_prints_what_the_readme_says(capsys):
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    [printed] = re.findall(r"```\n(loss .*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(README), "exec"), {})
    assert capsys.readouterr().out == printed


def test_sessions_print_what_the_readme_says():
    text = README.read_text(encoding="utf-8")
    names = {"nc": nc}
    blocks = re.findall(r"^```\n(>>> .*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 2
    for block in blocks:
        example = doctest.DocTestParser().get_doctest(block, names, "README", str(README), 0)
        assert doctest.DocTestRunner().run(example).failed == 0


def headings_of(path):
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {heading.lower().replace(" ", "-").replace(",", "") for heading in headings}


def test_linked_files_and_presets_exist():
    text = README.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        linked = README.parent / path if path else README
        assert linked.exists(), target
        assert not anchor or anchor in headings_of(linked), target
    for preset in re.findall(r"--preset ([\w-]+)", text):
        assert nc.Study.preset(preset).spec.qubits

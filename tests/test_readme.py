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


def test_linked_files_and_presets_exist():
    text = README.read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert target[1:] in headings if target.startswith("#") else (README.parent / target).exists(), target
    for preset in re.findall(r"--preset ([\w-]+)", text):
        assert nc.Study.preset(preset).spec.qubits

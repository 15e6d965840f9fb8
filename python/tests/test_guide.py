"""The Python in the documentation runs."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "python" / "guide.md"
RULES = ROOT / "docs" / "python" / "rules.md"
README = ROOT / "README.md"


@pytest.mark.parametrize("page", [GUIDE, RULES, README], ids=lambda page: page.name)
def test_the_lines_run(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    file = tmp_path / "guide.py"
    file.write_text("\n".join(blocks))
    exec(compile(file.read_text(), file, "exec"), {"__name__": "guide"})

"""The guide's Python runs."""

import pathlib
import re

import pytest

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "python" / "guide.md"
README = pathlib.Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("page", [GUIDE, README], ids=lambda page: page.name)
def test_the_lines_run(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    file = tmp_path / "guide.py"
    file.write_text("\n".join(blocks))
    exec(compile(file.read_text(), file, "exec"), {"__name__": "guide"})

"""The code blocks of the documents run, as readers would run them."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
IN_USE = "docs/layers_in_use.md"


def read_blocks(page):
    """Code by the place of its first line."""
    text = (ROOT / page).read_text()
    return {
        f"{page}, line {text[: match.start()].count(chr(10)) + 2}": match[1]
        for match in BLOCK.finditer(text)
    }


def run(blocks):
    names = {"__name__": "document"}
    for place, code in blocks.items():
        exec(compile(code, place, "exec"), names)


@pytest.mark.parametrize("page", [IN_USE, "augment_tf/README.md"])
def test_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = read_blocks(page)
    assert blocks
    run({k: code for k, code in blocks.items() if "import torch" not in code})


def test_the_block_for_pytorch_runs():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    blocks = read_blocks(IN_USE)
    (place,) = (k for k, code in blocks.items() if "import torch" in code)
    run({place: blocks[place]})

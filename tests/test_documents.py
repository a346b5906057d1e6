"""The documents: their code, commands, links and the site made of them."""

import importlib.util
import io
import re
import shlex
from pathlib import Path

import pytest
from sphinx.application import Sphinx

import main
from docs import write_reference
from experiments.report.comparison_file import Comparison

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "augment_tf/*.md", "docs/**/*.md")
    for path in ROOT.glob(pattern)
)
BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)#?([^)\s]*)\)")
# These commands need a finished run, or have a placeholder for a name.
ONLY_PARSED = ("--report=", "--predict=", "--evaluate=", "--explain=")
ONLY_PARSED += ("--experiment=NAME",)
# These need no data and train nothing.
CHEAP = ((), ("--help",), ("--list",), ("--devices",))


class TensorFlowStarts(Exception):
    """Raised where a command has checked its arguments and begins to work."""


def read(page):
    return (ROOT / page).read_text()


def read_code(page):
    """Python of a page, by the place of its first line."""
    text = read(page)
    return {
        f"{page}, line {text[: match.start()].count(chr(10)) + 2}": match[2]
        for match in BLOCK.finditer(text)
        if match[1] == "python"
    }


def run_code(blocks):
    names = {"__name__": "document"}
    for place, code in blocks.items():
        exec(compile(code, place, "exec"), names)


def read_commands():
    """Arguments of main.py in all pages, by the command and its page."""
    found = {}
    for page in PAGES:
        text = re.sub(r"\\\n\s*", " ", read(page))
        inline = re.findall(r"`([^`]+)`", BLOCK.sub("", text))
        codes = [match[2] for match in BLOCK.finditer(text)]
        for code in codes + [" ".join(each.split()) for each in inline]:
            for command in re.findall(r"python main\.py\b([^\n&]*)", code):
                # Such as the number of a task.
                words = shlex.split(re.sub(r"\$\w+", "1", command))
                found.setdefault(f"{page}: {' '.join(words)}", tuple(words))
    return found


COMMANDS = read_commands()


@pytest.mark.parametrize("page", [page for page in PAGES if read_code(page)])
def test_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # As if the demo had been run.
    report = tmp_path / "runs" / "reports" / "demo" / "comparison.json"
    report.parent.mkdir(parents=True)
    parts = ("alarms", "groups", "differences", "runs", "left_out")
    numbers = Comparison(title="demo", **dict.fromkeys(parts, []))
    report.write_text(numbers.model_dump_json())
    blocks = read_code(page)
    run_code(
        {k: code for k, code in blocks.items() if "import torch" not in code}
    )


def test_the_block_for_pytorch_runs():
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    blocks = read_code("docs/layers_in_use.md")
    (place,) = (k for k, code in blocks.items() if "import torch" in code)
    run_code({place: blocks[place]})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_valid(command, tmp_path, monkeypatch):
    def stop(*_):
        raise TensorFlowStarts

    monkeypatch.chdir(tmp_path)
    for module in main.SECTIONS:
        if hasattr(module, "start_tensorflow"):
            monkeypatch.setattr(module, "start_tensorflow", stop)
    arguments = ["main.py", *COMMANDS[command]]
    if COMMANDS[command][:1] in CHEAP or any(
        word.startswith(ONLY_PARSED) for word in arguments
    ):
        main.parse(arguments)
    else:
        with pytest.raises(TensorFlowStarts):
            main.main(arguments)


def test_cheap_commands_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert {*CHEAP} <= {*COMMANDS.values()}
    for arguments in CHEAP:
        assert main.call(["main.py", *arguments]) == 0
        assert capsys.readouterr().out


def read_anchors(page):
    """Anchors of a page's headings, as GitHub makes them."""
    text = BLOCK.sub("", page.read_text())
    titles = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in titles
    }


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for path, anchor in LINK.findall(BLOCK.sub("", read(page))):
        target = ROOT / page
        if path:
            target = target.parent / path
        assert target.exists(), path
        assert not anchor or anchor in read_anchors(target), (path, anchor)


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= 150


@pytest.mark.parametrize("name", write_reference.PAGES)
def test_pages_describe_the_program(name):
    """To write them anew: python docs/write_reference.py"""
    assert read(f"docs/{name}") == write_reference.PAGES[name]()


# Extensions use what Sphinx 11 will not have.
@pytest.mark.filterwarnings(
    "ignore::sphinx.deprecation.RemovedInSphinx11Warning"
)
def test_the_site_builds_without_warnings(tmp_path):
    warnings = io.StringIO()
    app = Sphinx(
        *(ROOT / "docs", ROOT / "docs", tmp_path / "site", tmp_path / "read"),
        "html",
        # Tutorials run in a test of their own.
        confoverrides={"nb_execution_mode": "off"},
        status=None,
        warning=warnings,
    )
    app.build()
    assert warnings.getvalue() == ""
    assert (tmp_path / "site" / "index.html").exists()


def test_the_site_lists_all_layers():
    import augment_tf

    lines = [line.strip() for line in read("docs/api.md").splitlines()]
    missing = {*augment_tf.__all__} - {*lines} - {"__version__"}
    assert not missing

"""The page of benchmarks, from measurements that are made up."""

import sys

import pytest

from benchmarks import page, record

TABLE = """200 studies each

| studies | arms | false claims | found |
|---|---|---|---|
| plain | 2 | {} | 81.0 |
| noisy | 6 | 0.5 | - |
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Calls page.py with other scripts; returns its exit code and page.

    Args of the function: {script: Python code}, and options.
    """

    def run(scripts, *options):
        monkeypatch.setattr(
            record,
            "python",
            lambda script, *_: [
                sys.executable,
                "-c",
                scripts[script.removesuffix(".py")],
            ],
        )
        path = tmp_path / "page.md"
        files = f"--json={tmp_path / 'x.json'}", f"--page={path}"
        code = page.main(["--only", *scripts, *files, *options])
        return code, path.read_text()

    return run


def get_section(text, name):
    return text.partition(f"## {name}\n")[2].partition("\n## ")[0]


def test_results_stand_beside_their_goals(run):
    code, text = run(
        {
            "kills": "print('6 kills: the end is the same')",
            "false_claims": f"print({TABLE.format('4.0')!r})",
            "layers": "print('64 CutMix 100')",
        }
    )
    assert code == 0
    kills = get_section(text, "kills")
    assert "Goal met. " in kills
    assert "```text\n6 kills: the end is the same\n```" in kills
    claims = get_section(text, "false_claims")
    assert "met: at most 4.0 % of 200 studies a row" in claims
    assert "| plain | 2 | 4.0 | 81.0 |" in claims
    assert "see the figures" in get_section(text, "layers")
    pipeline = get_section(text, "pipeline")
    assert "Not run on this machine yet (it needs `--data_dir`)." in pipeline
    assert text.count("Not run on this machine yet") == len(
        page.BENCHMARKS
    ) - len(["kills", "false_claims", "layers"])


def test_what_is_missed_or_fails_says_so(run):
    code, text = run(
        {
            "kills": "print('ANOTHER'); raise SystemExit(1)",
            "false_claims": f"print({TABLE.format('9.9')!r})",
            "demo_truth": "1 / 0",
        }
    )
    assert code == 1
    assert "Goal **missed**. " in get_section(text, "kills")
    assert "**missed** in 1 of 2 rows" in get_section(text, "false_claims")
    assert (
        "Not run on this machine yet: exit code 1: ZeroDivisionError"
        in get_section(text, "demo_truth")
    )


def test_what_is_there_stays_until_asked_again(run):
    run({"kills": "print('first')"})
    assert "first" in run({"kills": "print('second')"})[1]
    assert "second" in run({"kills": "print('second')"}, "--again")[1]


def test_scripts_take_these_options():
    """The scripts with a parser of their own."""
    for benchmark in page.BENCHMARKS:
        path = record.ROOT / "benchmarks" / f"{benchmark.script}.py"
        text = path.read_text()
        options = [benchmark.needs, *benchmark.takes]
        options += [o.partition("=")[0].strip("-") for o in benchmark.options]
        for name in filter(None, options):
            assert f'"--{name}"' in text or name.isdigit(), benchmark.script

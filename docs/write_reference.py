"""Pages that are written from the program itself.

    python docs/write_reference.py

Writes command_line.md from the flags, config.md from the schema of configs,
and comparison.md from the schema of a report's numbers. A test compares the
pages with what this script would write.
"""

import ast
import inspect
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from absl import flags
from pydantic import TypeAdapter

import main
from experiments.configs import schema
from experiments.formatting import plain
from experiments.report.comparison_file import describe_schema
from models.config import Model
from pipelines.config import Data, Offline

DOCS = Path(__file__).parent
# Parts of a config, by the path of their fields.
PARTS = {
    "": schema.Experiment,
    "data.": Data,
    "data.offline.": Offline,
    "model.": Model,
    "optimizer.": schema.Optimizer,
    "checkpoint.": schema.Checkpoint,
}
# These name a config and are no settings.
NAMES = ("name", "summary")


def describe_commands():
    """Describes the command line in Markdown, a section a module."""
    lines = [
        "# The command line",
        "",
        "`python main.py --help` prints the same. A call has one command, such "
        "as `--study` or `--report`. The other flags go with it.",
    ]
    defined = flags.FLAGS.flags_by_module_dict()
    for module in main.SECTIONS:
        title, _, rest = module.__doc__.strip().partition("\n")
        examples = re.sub(r"^Examples?:\n", "", rest.strip())
        lines += ["", f"## {title.rstrip('.')}", ""]
        if examples:
            lines += ["```", inspect.cleandoc("\n" + examples), "```", ""]
        lines += _table(
            ("flag", "values", "default", "meaning"),
            [
                _describe_flag(flag)
                for flag in sorted(
                    defined[module.__name__], key=lambda flag: flag.name
                )
            ],
        )
    return "\n".join(lines) + "\n"


def _describe_flag(flag):
    values = getattr(flag.parser, "enum_values", None)
    if flag.boolean:
        values = "on, if it is given"
    elif values:
        values = ", ".join(f"`{value}`" for value in values)
    else:
        values = flag.parser.syntactic_help or "text"
        values = re.sub(r"^an? |in the range", "", values)
        values = re.sub(r" \[(\d+), (\d+)\]", r"from \1 to \2", values)
    if isinstance(flag, flags.MultiFlag):
        values += ", several times"
    default = "" if flag.boolean else (flag.default_as_str or "").strip("'")
    # What absl adds.
    meaning = re.sub(r"^<.*?>: |;\s+repeat this option.*$", "", flag.help)
    return (
        f"`--{flag.name}`",
        values,
        f"`{default}`" if default not in ("", "[]") else "",
        _escape(meaning),
    )


def describe_config():
    """Describes the fields of a config in Markdown, a section a part."""
    lines = [
        "# Fields of a config",
        "",
        "`--set FIELD=VALUE` changes a field, as in `--set "
        "optimizer.learning_rate=0.05`. A value outside its range is refused "
        "before anything is read or written. A run stores all of them in "
        "`config.json`. Defaults are those of the schema; an experiment has "
        "its own where it needs them.",
        "",
        "Options of layers are fields, too: `--set "
        "augment.SaliencyMix.alpha=0.5`.",
    ]
    for path, kind in PARTS.items():
        meanings = _read_comments(kind)
        fields = TypeAdapter(kind).json_schema()["properties"]
        lines += ["", f"## {path.rstrip('.') or 'Experiment'}", ""]
        lines += _table(
            ("field", "values", "default", "meaning"),
            [
                (
                    f"`{path}{name}`",
                    _describe_values(content),
                    _describe_default(content),
                    _escape(meanings[name]),
                )
                for name, content in fields.items()
                if not (path == "" and name in NAMES)
                and f"{path}{name}." not in PARTS
            ],
        )
    return "\n".join(lines) + "\n"


def _read_comments(kind):
    """Reads the comment above each field of a dataclass, {name: text}."""
    source = inspect.getsource(kind)
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body[0].body:
        if isinstance(node, ast.AnnAssign):
            first = last = node.lineno - 1
            while lines[first - 1].strip().startswith("#"):
                first -= 1
            comment = (line.strip("# ") for line in lines[first:last])
            found[node.target.id] = " ".join(comment)
    return found


def _describe_values(content):
    if "anyOf" in content:
        return " or ".join(map(_describe_values, content["anyOf"]))
    values = content.get("enum", [content.get("const")])
    if None not in values:
        return ", ".join(f"`{value}`" for value in values)
    if "prefixItems" in content:
        each = content["prefixItems"]
        return f"{len(each)} values, each {_describe_values(each[0])}"
    names = {
        "string": "text",
        "null": "`none`",
        "boolean": "`true`, `false`",
        "array": "layers",
        "object": "a dictionary",
    }
    name = names.get(content.get("type"), content.get("type"))
    bounds = [
        f"{word} {_describe_number(content[key])}"
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in content
    ]
    return " ".join([name, *bounds])


def _describe_number(number):
    if number == 2**63 - 1:
        return "2^63 - 1"
    is_whole = number == int(number) and abs(number) < 1e15
    return f"{int(number):,}" if is_whole else f"{number:g}"


def _describe_default(content):
    default = content.get("default", {})
    if default in ([], {}):
        return ""
    if isinstance(default, list):
        return f"`{','.join(map(str, default))}`"
    words = {None: "none", True: "true", False: "false"}
    is_word = default is None or isinstance(default, bool)
    return f"`{words[default] if is_word else default}`"


def _escape(text):
    return plain(text).replace("\\`", "`")


def _table(titles, rows):
    lines = [f"| {' | '.join(row)} |" for row in (titles, *rows)]
    return [lines[0], "|---" * len(titles) + "|", *lines[1:]]


PAGES = {
    "command_line.md": describe_commands,
    "config.md": describe_config,
    "comparison.md": describe_schema,
}

if __name__ == "__main__":
    for name, describe in PAGES.items():
        (DOCS / name).write_text(describe())

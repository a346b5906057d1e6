"""Parsers of values on the command line."""

import math
import os
import re

from absl import flags

from experiments.configs.variants import Dimension


class PathParser(flags.ArgumentParser):
    """Reads a path in which `~` and `$NAME` mean what they mean in a shell.

    Example:

    >>> import os
    >>> os.environ["RUNS_OF_MINE"] = "/disk/runs"
    >>> PathParser().parse("${RUNS_OF_MINE}/new")
    '/disk/runs/new'
    """

    def parse(self, argument):
        for name in re.findall(r"\$(\w+)|\$\{(.*?)\}", argument):
            if "".join(name) not in os.environ:
                raise ValueError(
                    f"there is no environment variable {''.join(name)!r}"
                )
        path = os.path.expanduser(os.path.expandvars(argument))
        if path.startswith("~"):
            raise ValueError(f"there is no user {path.split('/')[0][1:]!r}")
        if not path or "\0" in path:
            raise ValueError("expected a path")
        return path


class PathsParser(flags.BaseListParser):
    """Reads several paths with commas between them."""

    def __init__(self):
        super().__init__(token=",", name="comma")

    def parse(self, argument):
        if isinstance(argument, list):
            return argument
        return list(map(PathParser().parse, argument.split(",")))


class ShardParser(flags.ArgumentParser):
    """Reads "I/N" as (I - 1, N).

    Example:

    >>> ShardParser().parse("1/4")
    (0, 4)
    """

    def parse(self, argument):
        found = re.fullmatch(r"(\d+)/(\d+)", argument)
        number, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= count:
            raise ValueError("expected I/N, from 1/N to N/N")
        return number - 1, count


class TimeParser(flags.ArgumentParser):
    """Reads "90m", "2h" or "1d" as seconds.

    Example:

    >>> TimeParser().parse("1.5h")
    5400.0
    """

    def parse(self, argument):
        found = re.fullmatch(r"(\d+\.?\d*)([mhd])", str(argument))
        if not found or float(found[1]) == 0:
            raise ValueError("expected a time, such as 90m, 2h or 1d")
        return float(found[1]) * {"m": 60, "h": 3600, "d": 86400}[found[2]]


class JobsParser(flags.ArgumentParser):
    """Reads "auto" as 0, or a number of processes."""

    def parse(self, argument):
        if argument == "auto":
            return 0
        if not re.fullmatch(r"[1-9]\d{0,3}", str(argument)):
            raise ValueError("expected auto or a number from 1 on")
        return int(argument)


class LooksParser(flags.ArgumentParser):
    """Reads "3,5,8" as (3, 5, 8).

    Example:

    >>> LooksParser().parse("3,5,8")
    (3, 5, 8)
    """

    def parse(self, argument):
        if not re.fullmatch(r"\d{1,4}(,\d{1,4})*", str(argument)):
            raise ValueError("expected numbers of seeds, such as 3,5,8,12")
        return tuple(map(int, argument.split(",")))


class SpaceParser(flags.ArgumentParser):
    """Reads "FIELD=log(a, b)", "lin(a, b)" or "choice(a, b, ...)".

    Example:

    >>> SpaceParser().parse("optimizer.learning_rate=log(0.01, 1)").values
    (0.01, 1)
    """

    def parse(self, argument):
        found = re.fullmatch(
            r"\s*([\w.]+)\s*=\s*(log|lin|choice)\((.*)\)\s*", str(argument)
        )
        if not found:
            raise ValueError(
                "expected FIELD=log(a, b), FIELD=lin(a, b) or FIELD=choice(a, "
                "b, ...)"
            )
        field, kind, inner = found.groups()
        values = tuple(each.strip() for each in inner.split(","))
        if kind != "choice":
            values = _read_bounds(kind, values)
        elif len({*values}) < len(values) or len(values) < 2 or "" in values:
            raise ValueError("expected two or more different choices")
        return Dimension(field, kind, values)


def _read_bounds(kind, values):
    try:
        low, high = map(_read_number, values)
    except ValueError:
        raise ValueError(f"expected {kind}(a, b) with two numbers") from None
    if not (low < high and math.isfinite(high - low)) or (
        kind == "log" and low <= 0
    ):
        least = "0 < a < b" if kind == "log" else "a < b"
        raise ValueError(f"expected {kind}(a, b) with {least}")
    return low, high


def _read_number(text):
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)

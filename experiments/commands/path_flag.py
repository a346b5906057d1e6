"""Flags that are paths."""

import os
import re

from absl import flags

# Help lists a flag with the module that asks for it.
flags.disclaim_key_flags()


class PathParser(flags.ArgumentParser):
    """`~` and `$NAME` mean what they mean in a shell, wherever they stand.

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
    """Several paths, with commas between them."""

    def __init__(self):
        super().__init__(token=",", name="comma")

    def parse(self, argument):
        if isinstance(argument, list):
            return argument
        return list(map(PathParser().parse, argument.split(",")))


def define_paths(name, default, text):
    """As `flags.DEFINE_list`."""
    serializer = flags.ListSerializer(",")
    flags.DEFINE(PathsParser(), name, default, text, serializer=serializer)


def define_path(name, default, text):
    """As `flags.DEFINE_string`."""
    flags.DEFINE(PathParser(), name, default, text)

"""Which tools there are, and what each needs."""

import importlib

from experiments.errors import ConfigError

# Name on the command line: what people call it. Each is a file beside this
# one, whose `Tool` has the methods of `tensorboard_run.Tool`.
TOOLS = {
    "tensorboard": "TensorBoard",
    "mlflow": "MLflow",
    "wandb": "Weights & Biases",
}
DEFAULT = ("tensorboard",)
# Those that keep files, such as reports.
KEEPERS = ("mlflow", "wandb")


def choose_tools(wanted):
    """Names of the tools that --log asks for.

    Args:
        wanted: List of names, or ["none"]; None: `DEFAULT`.

    Raises:
        ConfigError: if there is no such tool, or its package is missing.
    """
    if wanted is None:
        return DEFAULT
    if wanted == ["none"]:
        return ()
    for name in wanted:
        if name not in TOOLS:
            raise ConfigError(
                f"--log expects {', '.join(TOOLS)}, several with commas "
                f"between them, or none. Received: {name!r}."
            )
        if name in KEEPERS:
            _check_package(name)
    return tuple(dict.fromkeys(wanted))


def _check_package(name):
    try:
        _module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigError(
            f"--log={name} needs {TOOLS[name]}: pip install -r "
            f"requirements-{name}.txt"
        ) from error


def make_tool(name, folder, record):
    """The tool of this name, for a `RunFolder` and its `Record`."""
    return _module(name).Tool(folder, record)


def _module(name):
    return importlib.import_module(f"experiments.tracking.{name}_run")

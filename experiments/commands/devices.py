"""The devices of this machine.

Example:
  python main.py --devices
"""

from absl import flags

from experiments.commands.common import THREADS, make_strategy
from experiments.runtime.startup import start_tensorflow

DEVICES = flags.DEFINE_bool(
    "devices",
    False,
    "Print the devices that a training would use, their memory, and what "
    "follows from them: precision, XLA, oneDNN; and the versions.",
)


def print_devices(_):
    """Prints the environment that a training would have."""
    start_tensorflow(THREADS.value)
    from experiments.configs.schema import Experiment
    from experiments.runtime.devices import (
        in_words,
        list_devices,
        list_nvidia_cards,
    )
    from experiments.runtime.environment import resolve_environment

    strategy = make_strategy()
    found = resolve_environment(
        Experiment(name="any", summary="none"), strategy
    )
    cards = list_nvidia_cards()
    versions = [f"{name} {of}" for name, of in found["packages"].items()]
    compiles = "compiles the train step" if found["jit_compile"] else "not used"
    onednn = {"0": "off", "1": "on"}.get(found["onednn"], found["onednn"])
    for name, value in (
        ("training", f"{in_words(strategy)} (--strategy)"),
        *(("device", device) for device in list_devices()),
        *(("driver", card) for card in cards or ["no driver of NVIDIA"]),
        ("processor", found["processor"]),
        ("threads", f"{found['threads']} (--threads)"),
        ("precision", f"{found['precision']} (--set precision=...)"),
        ("XLA", f"{compiles} (on a GPU: --set deterministic=false)"),
        ("oneDNN", onednn),
        ("versions", ", ".join(versions)),
    ):
        print(f"{name:11}{value}")
    if cards and found["device"] == "CPU":
        print(
            "The driver has a GPU and TensorFlow does not use it: CUDA is "
            "missing. It comes with requirements-gpu.txt (make demo GPU=1)."
        )

"""Trained networks: predictions, evaluation and explanations.

Examples:
  python main.py --predict=runs/NAME/seed_0 --images=PHOTOS
  python main.py --evaluate=runs/NAME/seed_0 --suite=robustness --data_dir=DIR
  python main.py --explain=runs/A/seed_0,runs/B/seed_0 --images=PHOTOS
"""

from pathlib import Path

from absl import flags

from experiments.commands.common import (
    OUT,
    THREADS,
    WORKDIR,
    check_writable,
    locate_data,
    require_one_of,
)
from experiments.commands.parsers import PathParser, PathsParser
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow

PREDICT = flags.DEFINE(
    PathParser(),
    "predict",
    None,
    "Predict the classes of --images with the network of this run folder.",
)
EVALUATE = flags.DEFINE(
    PathParser(),
    "evaluate",
    None,
    "Evaluate the network of this run folder again on the val images of "
    "--data_dir: those of its training, or others of its classes.",
)
EXPLAIN = flags.DEFINE(
    PathsParser(),
    "explain",
    None,
    "Draw where the networks of these run folders, with commas between them, "
    "see what they predict in --images.",
    serializer=flags.ListSerializer(","),
)
SUITE = flags.DEFINE_enum(
    "suite",
    None,
    ("robustness",),
    "With --evaluate: evaluate the network on noisy, blurred, brighter, paler, "
    "compressed, pixelated, partly hidden and attacked images as well, and "
    "write robustness.json into the run folder.",
)
require_one_of(SUITE, "evaluate")
IMAGES = flags.DEFINE(
    PathParser(),
    "images",
    None,
    "With --predict and --explain: an image, or a folder of images.",
)
require_one_of(IMAGES, "predict", "explain")
LAYER = flags.DEFINE_string(
    "layer",
    None,
    "With --explain: name of the layer whose feature map Grad-CAM looks at, "
    "MODEL/LAYER for one in a nested model; default: the last one with a map.",
)
require_one_of(LAYER, "explain")


@flags.multi_flags_validator([PREDICT, EXPLAIN, IMAGES])
def _check_images(values):
    for name in ("predict", "explain"):
        if values[name] is not None and values["images"] is None:
            raise ConfigError(f"--{name} needs --images=FILE_OR_FOLDER.")
    return True


def predict_images(run_dir):
    """Predicts the classes of images with a trained network."""
    path = OUT.value or "predictions.csv"
    check_writable(path, "--out", is_file=True)
    start_tensorflow(THREADS.value)
    from experiments.analysis.predict import predict

    predict(run_dir, IMAGES.value, path)


def evaluate_run(run_dir):
    """Evaluates a trained network on the val images of --data_dir."""
    start_tensorflow(THREADS.value)
    if SUITE.value == "robustness":
        from experiments.analysis.robustness import print_robustness

        print_robustness(run_dir, locate_data())
        return
    from experiments.analysis.evaluate import evaluate

    evaluate(run_dir, locate_data())


def explain_runs(run_dirs):
    """Draws where trained networks see what they predict."""
    path = OUT.value or Path(WORKDIR.value, "explanations", "explained.png")
    check_writable(path, "--out or --workdir", is_file=True)
    start_tensorflow(THREADS.value)
    from experiments.analysis.explain import explain

    explain(run_dirs, IMAGES.value, path, LAYER.value)

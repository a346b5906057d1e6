"""What main.py can do with a trained network; see `commands`."""

from pathlib import Path

from experiments.commands.train import location_of
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow


def predict_images(run_dir, flags):
    """Says what a trained network makes of images."""
    if flags.images is None:
        raise ConfigError("--predict needs --images=FILE_OR_FOLDER.")
    start_tensorflow(flags.threads)
    from experiments.analysis.predict import predict

    predict(run_dir, flags.images, flags.out)


def evaluate_run(run_dir, flags):
    """Judges a trained network on the val images of --data_dir."""
    start_tensorflow(flags.threads)
    if flags.suite == "robustness":
        from experiments.analysis.robustness import print_robustness

        print_robustness(run_dir, location_of(flags))
        return
    from experiments.analysis.evaluate import evaluate

    evaluate(run_dir, location_of(flags))


def explain_runs(run_dirs, flags):
    """Draws where trained networks see what they predict."""
    if flags.images is None:
        raise ConfigError("--explain needs --images=FILE_OR_FOLDER.")
    start_tensorflow(flags.threads)
    from experiments.analysis.explain import explain

    path = flags.out or Path(flags.workdir, "explanations", "explained.png")
    explain(run_dirs, flags.images, path, flags.layer)

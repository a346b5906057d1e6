"""Final evaluation and the files written at the end of a run."""

import zipfile
import zlib
from dataclasses import replace

import keras
import numpy as np

from experiments.errors import ConfigError
from experiments.history import (
    compute_guessing_loss,
    diagnose,
    select_row,
)
from experiments.metrics import (
    ACCURACY_TOLERANCE,
    Predictions,
    are_unequal,
    locate_dominant_class,
)
from experiments.plots.confusion import plot_confusion
from experiments.plots.curves import write_run_curves
from experiments.plots.images import plot_batch
from experiments.run_folder import EMA, JUDGED, LAST, PREVIEWS
from pipelines.progress import announce_if_slow
from pipelines.subsets import spread_over_classes

# The fit to training images is measured on so many of them.
_PLAIN_TRAIN = 1000
# So many training images are kept for the previews of a report.
_PREVIEWS = 6


def write_outputs(session):
    """Evaluates the trained network and writes the files of a finished run.

    Args:
        session: The `experiments.training.session.Session` that has trained.

    Raises:
        ConfigError: if the network that is evaluated is of another run.
    """
    spec, trainer = session.spec, session.trainer
    _save(session, LAST)
    if trainer.averages:
        with trainer.averaged():
            _save(session, EMA)
    session.wait_for_workers()
    file = JUDGED[spec.experiment.judged]
    if file != LAST:
        saved = keras.saving.load_model(spec.folder / file, compile=False)
        trainer.network.set_weights(saved.get_weights())
    predictions = _predict(session)
    session.background.do(
        spec.folder.replace, "predictions.npz", predictions.write
    )
    if spec.plots:
        session.background.do(
            _draw_confusion, spec.folder, predictions, spec.name
        )
        session.background.do(write_run_curves, spec.folder)
    row = select_row(session.rows, spec.experiment.judged)
    _check_accuracy(spec, row, predictions.accuracy)
    plain_train = _evaluate_plain_train(session)
    session.background.wait()
    named = predictions.classification_metrics(spec.experiment.positive_class)
    session.write_metrics(
        "finished",
        classification=named,
        plain_train=plain_train,
        files=spec.folder.digests(),
    )
    _print_results(session, row, predictions, named)


def write_samples(folder, images, labels, class_names):
    """Writes plots/samples.png.

    Args:
        folder: The `RunFolder`.
        images, labels, class_names: Of a training batch, as for `plot_batch`.
    """
    figure = plot_batch(images, labels, class_names)
    folder.replace("plots/samples.png", figure.savefig)


def write_previews(folder, config, data):
    """Writes previews.npz: training images that a report may show.

    Those of other data sets than the user's own may not be passed on, and
    variations in files are no originals: nothing is written.

    Args:
        folder: The `RunFolder`.
        config: The experiment's `data`.
        data: The `pipelines.loading.DataSet`.
    """
    if config.name != "image_folder" or config.offline is not None:
        return
    if (folder / PREVIEWS).exists():
        return
    some = spread_over_classes(data.train.labels, _PREVIEWS)
    images, labels = data.train.images[some], data.train.labels[some]
    folder.replace(
        PREVIEWS, lambda path: np.savez(path, images=images, labels=labels)
    )


def is_whole(path):
    """True if a saved model is there, and none of its bytes has changed."""
    try:
        with zipfile.ZipFile(path) as file:
            return "config.json" in file.namelist() and not file.testzip()
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
        return False


def _save(session, name):
    session.spec.folder.replace(name, session.trainer.plain_network().save)


def _predict(session):
    """The `Predictions` of the val images."""
    val = session.data.val
    with announce_if_slow("predicting the val images"):
        logits = session.trainer.predict(
            session.eval_batches(val, whole=True), verbose=0
        )
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    names = session.data.class_names
    return Predictions(names, val.ids, val.labels, probabilities)


def _draw_confusion(folder, predictions, title):
    figure = plot_confusion(
        predictions.labels,
        predictions.predicted,
        predictions.class_names,
        title,
    )
    folder.write_plot("confusion", figure)


def _check_accuracy(spec, row, accuracy):
    if abs(row["val_accuracy"] - accuracy) > ACCURACY_TOLERANCE:
        raise ConfigError(
            f"{spec.folder.path}: the network that is evaluated has "
            f"{accuracy:.4f} accuracy, and epoch {row['epoch'] + 1} had "
            f"{row['val_accuracy']:.4f}: {JUDGED[spec.experiment.judged]} is "
            "of another run. Remove that folder and start again."
        )


def _evaluate_plain_train(session):
    """Accuracy on training images without their augmentation."""
    train = session.data.train
    some = spread_over_classes(train.labels, _PLAIN_TRAIN)
    plain = replace(train, images=train.images[some], labels=train.labels[some])
    with announce_if_slow("evaluating plain training images"):
        found = session.trainer.evaluate(
            session.eval_batches(plain), verbose=0, return_dict=True
        )
    return {"images": len(some), "accuracy": found["accuracy"]}


def _print_results(session, row, predictions, named):
    class_names = session.data.class_names
    errors = f"val top-1 error {1 - row['val_accuracy']:.2%}"
    if are_unequal(np.bincount(predictions.labels)):
        errors += f", balanced error {1 - named['balanced_accuracy']:.2%}"
    if len(class_names) > 5:
        errors += f", top-5 error {1 - row['val_top5_accuracy']:.2%}"
    train, val = session.data.train, session.data.val
    guessing_loss = compute_guessing_loss(
        np.bincount(train.labels), session.spec.experiment.label_smoothing
    )
    for note in diagnose(session.rows, guessing_loss, len(val.labels)):
        print(f"  note      {note}", flush=True)
    one = locate_dominant_class(predictions.labels, predictions.predicted)
    if one is not None and one < len(class_names):
        print(
            f"  note      names the class {class_names[one]} for nearly all "
            "images: it learned little else",
            flush=True,
        )
    print(f"  done: {errors}, see {session.spec.folder.path}", flush=True)

"""What is made of a network that has been trained."""

from dataclasses import replace

import keras

from experiments.errors import ConfigError
from experiments.history import judged_row, signs
from experiments.metrics import classification_metrics
from experiments.plots.curves import save_run_plots
from experiments.run_folder import EMA, JUDGED, LAST
from experiments.training.results import write_predictions
from pipelines.progress import announce_if_slow
from pipelines.subsets import spread_over_classes

# Images tell by so many how well they are fitted.
_PLAIN_TRAIN = 2000
# How far accuracies of the same network may lie apart: those of an epoch are
# computed batch by batch.
_TOLERANCE = 1e-4


def finish(session):
    """Writes what can only be known at the end of a run.

    Args:
        session: The `experiments.training.session.Session` that has trained.

    Raises:
        ConfigError: if the network that is judged is not that of this run.
    """
    val, class_names = session.data.val, session.data.class_names
    _save(session, LAST)
    if session.trainer.averages:
        with session.trainer.averaged():
            _save(session, EMA)
    file = JUDGED[session.experiment.judged]
    session.wait_for_workers()
    if file != LAST:
        judged = keras.saving.load_model(session.folder / file, compile=False)
        session.trainer.network.set_weights(judged.get_weights())
    with announce_if_slow("predicting the val images"):
        logits = session.trainer.predict(
            session.eval_batches(val, whole=True), verbose=0
        )
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    session.background.do(
        write_predictions,
        *(session.folder, val, class_names, probabilities, session.name),
    )
    session.background.do(save_run_plots, session.folder)
    scores = classification_metrics(
        val.labels,
        probabilities.argmax(-1),
        class_names,
        session.experiment.positive_class,
    )
    judged = judged_row(session.rows, session.experiment.judged)
    _check_judged(session, judged, scores["accuracy"])
    plain_train = _judge_plain_train(session)
    session.background.wait()
    session.write_metrics(
        "finished",
        classification=scores,
        plain_train=plain_train,
        files=session.folder.digests(),
    )
    errors = f"val top-1 error {1 - judged['val_accuracy']:.2%}"
    if len(class_names) > 5:
        errors += f", top-5 error {1 - judged['val_top5_accuracy']:.2%}"
    for sign in signs(session.rows, len(class_names)):
        print(f"  note      {sign}", flush=True)
    print(f"  done: {errors}, see {session.folder.path}", flush=True)


def _save(session, name):
    session.folder.replace(name, session.trainer.plain_network().save)


def _check_judged(session, row, accuracy):
    if abs(row["val_accuracy"] - accuracy) > _TOLERANCE:
        raise ConfigError(
            f"{session.folder.path}: the network that is judged has "
            f"{accuracy:.4f} accuracy, and epoch {row['epoch'] + 1} had "
            f"{row['val_accuracy']:.4f}: "
            f"{JUDGED[session.experiment.judged]} is of another run. Remove "
            "that folder and start again."
        )


def _judge_plain_train(session):
    """Accuracy on training images without their augmentation."""
    train = session.data.train
    some = spread_over_classes(train.labels, _PLAIN_TRAIN)
    plain = replace(train, images=train.images[some], labels=train.labels[some])
    with announce_if_slow("judging plain training images"):
        found = session.trainer.evaluate(
            session.eval_batches(plain), verbose=0, return_dict=True
        )
    return {"images": len(some), "accuracy": found["accuracy"]}

"""Keras callbacks that evaluate after an epoch, besides `fit` itself."""

import keras

from experiments.history import best_row, is_over
from experiments.run_folder import BEST, EMA_FIELDS, SELECTION_FIELDS
from pipelines.progress import announce_if_slow


class Selection(keras.callbacks.Callback):
    """Evaluates after each epoch on images that only pick the best epoch.

    Comes before `History`, which writes down what this adds to the logs.

    Args:
        batches: Of the held-out images, as for `evaluate`.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_epoch_end(self, epoch, logs=None):
        with announce_if_slow("evaluating on held-out images"):
            results = self.model.evaluate(
                self.batches, verbose=0, return_dict=True
            )
        for name in SELECTION_FIELDS:
            logs[name] = results[name.removeprefix("selection_")]


class Averages(keras.callbacks.Callback):
    """Evaluates the averaged weights on the val images, too.

    Comes before `History`, which writes down what this adds to the logs.

    Args:
        batches: Of the val images, as for `evaluate`.
    """

    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def on_epoch_end(self, epoch, logs=None):
        with (
            announce_if_slow("evaluating the averaged weights"),
            self.model.averaged(),
        ):
            results = self.model.evaluate(
                self.batches, verbose=0, return_dict=True
            )
        for name in EMA_FIELDS:
            logs[name] = results[name.removeprefix("ema_val_")]


class BestWeights(keras.callbacks.Callback):
    """Keeps the network of the best epoch in best.keras; may end the training.

    Comes after `History`, whose rows it reads.

    Args:
        folder: The `RunFolder`.
        rows: As for `History`.
        patience: Epochs without a better one after which training ends; None
            for never.
    """

    def __init__(self, folder, rows, patience):
        super().__init__()
        self.folder = folder
        self.rows = rows
        self.patience = patience

    def on_epoch_end(self, epoch, logs=None):
        if best_row(self.rows) is self.rows[-1]:
            self.folder.replace(BEST, self.model.plain_network().save)
        if is_over(self.rows, self.patience):
            print(
                f"  stopped early: epoch {best_row(self.rows)['epoch'] + 1} "
                "is still the best on held-out images",
                flush=True,
            )
            self.model.stop_training = True

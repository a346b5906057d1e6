"""Keras callbacks that evaluate after an epoch, in addition to `fit`."""

import contextlib

import keras

from experiments.history import best_row, is_over
from experiments.run_folder import BEST
from pipelines.progress import announce_if_slow


class Evaluation(keras.callbacks.Callback):
    """Evaluates after each epoch, and adds the results to the logs.

    Args:
        batches: As for `evaluate`.
        fields: Names in the logs, such as "selection_loss".
        prefix: The part of these names before Keras's own.
        averaged: Whether to evaluate the averaged weights.
    """

    def __init__(self, batches, fields, prefix, averaged=False):
        super().__init__()
        self.batches = batches
        self.fields = fields
        self.prefix = prefix
        self.averaged = averaged

    def on_epoch_end(self, epoch, logs=None):
        what = "the averaged weights" if self.averaged else "held-out images"
        with contextlib.ExitStack() as stack:
            stack.enter_context(announce_if_slow(f"evaluating {what}"))
            if self.averaged:
                stack.enter_context(self.model.averaged())
            results = self.model.evaluate(
                self.batches, verbose=0, return_dict=True
            )
        for name in self.fields:
            logs[name] = results[name.removeprefix(self.prefix)]


class BestWeights(keras.callbacks.Callback):
    """Keeps the network of the best epoch in best.keras; may end the training.

    Args:
        folder: The `RunFolder`.
        rows: As for `History`.
        patience: Training ends after so many epochs without a better one; None
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

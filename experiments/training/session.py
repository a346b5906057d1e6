"""What one call of `run` holds in its hands."""

from dataclasses import replace

import keras

import models
from augment_tf.sampling import to_32_bits
from experiments.errors import ConfigError, Interrupted, TrainingFailed
from experiments.history import is_over, judged_row, signs
from experiments.metrics import classification_metrics
from experiments.plots.curves import save_run_plots
from experiments.plots.images import plot_batch
from experiments.run_folder import BEST, EMA, JUDGED, LAST, config_of
from experiments.training import callbacks, devices
from experiments.training.announcement import announcement
from experiments.training.augmentation import mixes, notes, without_mixing
from experiments.training.checkpoints import (
    load_checkpoint,
    restore_model,
    save_checkpoint,
)
from experiments.training.data import count_classes, data_record, epoch_steps
from experiments.training.disk import check_room, needed_bytes
from experiments.training.environment import environment
from experiments.training.optimizers import epoch_learning_rates
from experiments.training.results import (
    is_whole,
    write_predictions,
    write_samples,
)
from experiments.training.speed import Speed, Waiting
from experiments.training.trainer import build_trainer
from pipelines.batches import eval_batches, train_batches
from pipelines.progress import announced
from pipelines.subsets import spread_over_classes

# Images tell by so many how well they are fitted.
_PLAIN_TRAIN = 2000
# How far accuracies of the same network may lie apart: those of an epoch are
# computed batch by batch.
_TOLERANCE = 1e-4


class Session:
    """See `run`, whose arguments it takes, and what `run` made of them."""

    def __init__(self, experiment, seed, strategy, folder, data, augment, here):
        self.name = f"{experiment.name}, seed {seed}"
        self.experiment = experiment
        self.random_seed = seed + (experiment.seed_offset or 0)
        self.strategy = strategy
        self.folder = folder
        self.data = data
        self.augment = augment
        self.surroundings = here
        self.classes = count_classes(experiment, data)
        self.steps_per_epoch = epoch_steps(experiment.data, data)
        with strategy.scope(), announced("building the network"):
            self.trainer = self._build_trainer()
        self.config = config_of(experiment, seed)
        self.state = self._load_checkpoint()
        self.first_step = int(self.state["step"]) if self.state else 0
        self.rows = self.state["rows"] if self.state else []
        self.waiting = Waiting()
        self.room = check_room(
            folder,
            needed_bytes(experiment, self.trainer, data, self.classes),
        )

    def _load_checkpoint(self):
        state = load_checkpoint(
            self.folder, self.trainer, self.config, self.steps_per_epoch
        )
        has_best = state is not None and self.data.selection is not None
        if has_best and state["rows"] and not is_whole(self.folder / BEST):
            print(
                f"  note      {BEST} is missing or damaged, and cannot be "
                "made again without its epoch: the run starts over",
                flush=True,
            )
            return None
        return state

    def _build_trainer(self):
        # Whatever drew before: all arms of a seed start from the same weights.
        keras.utils.set_random_seed(to_32_bits(self.random_seed))
        trainer = build_trainer(
            self.experiment,
            classes=self.classes,
            steps_per_epoch=self.steps_per_epoch,
            augment=self.augment,
            replicas=self.strategy.num_replicas_in_sync,
            jit_compile=self.surroundings["jit_compile"],
        )
        # Built now, so that a checkpoint finds the variables to restore.
        trainer.optimizer.build(trainer.trainable_variables)
        return trainer

    def batches(self, first_step, steps, on_device=False):
        """Training batches, augmented here unless on the device."""
        config = self.experiment.data
        return train_batches(
            self.data.train,
            classes=self.classes,
            batch_size=config.batch_size,
            seed=self.random_seed,
            first_step=first_step,
            steps=steps,
            augment=None if self.augment is None else self.augment.apply,
            with_seeds=on_device,
            drop_remainder=config.drop_remainder,
            endless=config.steps_per_epoch is not None,
            replicas=self.strategy.num_replicas_in_sync,
        )

    def eval_batches(self, split):
        config = self.experiment.data
        return eval_batches(
            split,
            classes=self.classes,
            batch_size=config.batch_size,
            image_size=config.image_size,
            crop_fraction=config.crop_fraction,
        )

    def announce(self):
        """Says what is about to happen, on the screen and in files."""
        experiment, data = self.experiment, self.data
        here = self.surroundings
        text = announcement(
            experiment,
            data,
            self.trainer,
            self.steps_per_epoch,
            f"{devices.in_words(self.strategy)}, {here['precision']}"
            + (", XLA-compiled" if here["jit_compile"] else ""),
        )
        print(
            f"{text}\n  results   {self.folder.path}: {self.room}", flush=True
        )
        remarks = data.notes + data.overlaps + notes(self.augment)
        for remark in remarks:
            print(f"  note      {remark}", flush=True)
        self.folder.write_json(
            "environment.json",
            environment(self.folder, here, self.first_step)
            | {"notes": remarks},
        )
        self.folder.write_json(
            "data.json", data_record(experiment, data, self.steps_per_epoch)
        )
        images, labels = next(self.batches(0, 1).as_numpy_iterator())
        figure = plot_batch(images, labels, data.class_names)
        write_samples(self.folder, figure)

    def train(self, request):
        """Trains from the last checkpoint, or from the start.

        Args:
            request: An `interruption.Request`.
        """
        if self.state is not None:
            restore_model(self.trainer, self.state)
            print(f"  resuming after step {self.first_step}", flush=True)
        epoch, done = divmod(self.first_step, self.steps_per_epoch)
        # Whatever was added since, or happened to the file.
        self.folder.write_history(self.rows)
        watchers = self._callbacks(request)
        try:
            if done:
                # Keras makes the metrics' variables, which are about to be
                # restored, when they are first used.
                self.trainer.evaluate(
                    self.eval_batches(self.data.val).take(1), verbose=0
                )
            step = self.first_step
            for stop in self._stops(epoch, done):
                if not is_over(self.rows, self.experiment.early_stop):
                    self._fit(step, epoch, stop, watchers)
                epoch, step = stop, stop * self.steps_per_epoch
        except TrainingFailed as error:
            self._write_metrics("failed", str(error))
            raise
        except Interrupted:
            if self.rows:
                self._write_metrics("interrupted")
            raise

    def _stops(self, epoch, done):
        """Epochs after which `fit` begins anew: half ones, other layers."""
        epochs = self.experiment.epochs
        stops = {epochs, max(epochs - self.experiment.unmixed_epochs, 0)}
        if done:
            stops.add(epoch + 1)
        return sorted(stop for stop in stops if stop > epoch)

    def _fit(self, first_step, epoch, last_epoch, watchers):
        """Trains from a step of `epoch` to the end of `last_epoch`."""
        steps = last_epoch * self.steps_per_epoch - first_step
        if epoch >= self.experiment.epochs - self.experiment.unmixed_epochs:
            self._stop_mixing()
        on_device = self.trainer.active_augment is not None
        batches = self.batches(first_step, steps, on_device)
        self.trainer.fit(
            self.waiting.timed(batches),
            validation_data=self.eval_batches(self.data.val),
            initial_epoch=epoch,
            epochs=last_epoch,
            steps_per_epoch=steps // (last_epoch - epoch),
            callbacks=watchers,
            shuffle=False,
            verbose=0,
        )

    def _stop_mixing(self):
        if self.augment is None or not mixes(self.augment):
            return
        self.augment = without_mixing(self.augment)
        self.trainer.stop_mixing()

    def save_checkpoint(self, step):
        save_checkpoint(self.folder, self.trainer, step, self.rows, self.config)

    def _callbacks(self, request):
        experiment = self.experiment
        every_steps = experiment.checkpoint.every_steps
        watchers = [
            callbacks.StopOnNonFiniteLoss(
                self.name, self.first_step, every_steps, request
            ),
            Speed(self.waiting, experiment.data.batch_size),
        ]
        if self.data.selection is not None:
            batches = self.eval_batches(self.data.selection)
            watchers.append(callbacks.Selection(batches))
        if self.trainer.averages:
            batches = self.eval_batches(self.data.val)
            watchers.append(callbacks.Averages(batches))
        return [
            *watchers,
            callbacks.Progress(experiment.epochs),
            callbacks.History(
                self.folder,
                self.rows,
                epoch_learning_rates(
                    experiment.optimizer,
                    experiment.epochs,
                    self.steps_per_epoch,
                ),
            ),
            *self._keep_best(),
            callbacks.Checkpoints(
                self.save_checkpoint,
                self.steps_per_epoch,
                every_steps,
                self.state,
                request,
            ),
            callbacks.Plots(self.folder),
            keras.callbacks.TensorBoard(
                self.folder / "logs", write_graph=False
            ),
        ]

    def _keep_best(self):
        if self.data.selection is not None:
            patience = self.experiment.early_stop
            yield callbacks.BestWeights(self.folder, self.rows, patience)

    def finish(self):
        """Writes what can only be known at the end."""
        val, class_names = self.data.val, self.data.class_names
        self._save(LAST)
        if self.trainer.averages:
            with self.trainer.averaged():
                self._save(EMA)
        file = JUDGED[self.experiment.judged]
        if file != LAST:
            judged = keras.saving.load_model(self.folder / file, compile=False)
            self.trainer.network.set_weights(judged.get_weights())
        with announced("predicting the val images"):
            logits = self.trainer.predict(self.eval_batches(val), verbose=0)
        probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
        write_predictions(
            self.folder, val, class_names, probabilities, self.name
        )
        save_run_plots(self.folder)
        scores = classification_metrics(
            val.labels,
            probabilities.argmax(-1),
            class_names,
            self.experiment.positive_class,
        )
        judged = judged_row(self.rows, self.experiment.judged)
        self._check_judged(judged, scores["accuracy"])
        self._write_metrics(
            "finished",
            classification=scores,
            plain_train=self._judge_plain_train(),
            files=self.folder.digests(),
        )
        errors = f"val top-1 error {1 - judged['val_accuracy']:.2%}"
        if len(class_names) > 5:
            errors += f", top-5 error {1 - judged['val_top5_accuracy']:.2%}"
        for sign in signs(self.rows, len(class_names)):
            print(f"  note      {sign}", flush=True)
        print(f"  done: {errors}, see {self.folder.path}", flush=True)

    def _save(self, name):
        network = models.without_fused(self.trainer.network)
        self.folder.replace(name, network.save)

    def _check_judged(self, row, accuracy):
        if abs(row["val_accuracy"] - accuracy) > _TOLERANCE:
            raise ConfigError(
                f"{self.folder.path}: the network that is judged has "
                f"{accuracy:.4f} accuracy, and epoch {row['epoch'] + 1} had "
                f"{row['val_accuracy']:.4f}: {BEST} is of another run. Remove "
                "that folder and start again."
            )

    def _judge_plain_train(self):
        """Accuracy on training images without their augmentation."""
        train = self.data.train
        some = spread_over_classes(train.labels, _PLAIN_TRAIN)
        plain = replace(
            train, images=train.images[some], labels=train.labels[some]
        )
        with announced("judging plain training images"):
            found = self.trainer.evaluate(
                self.eval_batches(plain), verbose=0, return_dict=True
            )
        return {"images": len(some), "accuracy": found["accuracy"]}

    def _write_metrics(self, status, error=None, **results):
        content = callbacks.summarize(
            self.rows, status, self.experiment.epochs, error
        )
        self.folder.write_json("metrics.json", content | results)

"""What one call of `run` holds in its hands."""

import time

import keras

from augment_tf.ops.sampling import to_32_bits
from experiments.errors import Interrupted, TrainingFailed, WorkerLost
from experiments.history import is_over
from experiments.run_folder import BEST, config_of
from experiments.runtime import devices
from experiments.runtime.background import Background
from experiments.runtime.environment import environment
from experiments.runtime.workers import check_same, worker_of
from experiments.training import callbacks, pretrained
from experiments.training import trainer_cache as kept_trainer
from experiments.training.augmentation import mixes, notes, without_mixing
from experiments.training.checkpoints import (
    load_checkpoint,
    restore_model,
    save_checkpoint,
)
from experiments.training.console import announcement
from experiments.training.data import count_classes, data_record, epoch_steps
from experiments.training.disk import check_room, needed_bytes
from experiments.training.multi_worker_fit import MultiWorkerTrainer
from experiments.training.results import is_whole, write_samples
from experiments.training.timing import Clock, Waiting
from experiments.training.trainer import (
    Trainer,
    build_network,
    build_trainer,
)
from experiments.training.watchers import watchers_of
from pipelines.batches import eval_batches, train_batches
from pipelines.progress import announce_if_slow


class Session:
    """See `run`, whose arguments it takes, and what `run` made of them."""

    def __init__(self, experiment, seed, strategy, folder, data, augment, here):
        self.name = f"{experiment.name}, seed {seed}"
        self.experiment = experiment
        self.random_seed = seed + (experiment.seed_offset or 0)
        self.strategy = strategy
        self.worker = worker_of(strategy)
        self.folder = folder
        self.data = data
        self.augment = augment
        self.surroundings = here
        self.classes = count_classes(experiment, data)
        self.steps_per_epoch = epoch_steps(experiment.data, data)
        keeps_images = devices.keeps_images(experiment.data, data.train.images)
        self._recipe = kept_trainer.recipe_of(
            *(experiment, strategy, self.classes, self.steps_per_epoch),
            *(here["jit_compile"], here["precision"]),
        )
        # Outside of the scope, which is one of Keras's session.
        kept = kept_trainer.take(self._recipe)
        with strategy.scope(), announce_if_slow("building the network"):
            self.trainer = self._build_trainer(kept)
            if keeps_images:
                self.trainer.keep_images(data.train.images)
        self.background = Background()
        self.config = config_of(experiment, seed)
        self.state = self._load_checkpoint()
        if self.state is None and experiment.model.weights is not None:
            pretrained.start_from_imagenet(self.trainer.network)
        self.first_step = int(self.state["step"]) if self.state else 0
        check_same(
            strategy,
            f"{self.config} {self.first_step}",
            f"the workers of this run do not see the same in {folder.path}: "
            "--workdir has to be one that they share.",
        )
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

    def _build_trainer(self, trainer):
        # Whatever drew before: all arms of a seed start from the same weights.
        keras.utils.set_random_seed(to_32_bits(self.random_seed))
        replicas = self.strategy.num_replicas_in_sync
        if trainer is not None:
            network = build_network(self.experiment, self.classes, replicas)
            trainer.begin_anew(network.get_weights())
            return trainer
        return build_trainer(
            self.experiment,
            classes=self.classes,
            steps_per_epoch=self.steps_per_epoch,
            augment=self.augment,
            replicas=replicas,
            jit_compile=self.surroundings["jit_compile"],
            kind=Trainer if self.worker.count == 1 else MultiWorkerTrainer,
        )

    def keep_trainer(self):
        """For the next run, once this one is done with it."""
        kept_trainer.keep(self._recipe, self.trainer)

    def batches(self, first_step, steps, to_show=False):
        """Training batches, for the train step or as it sees them."""
        config = self.experiment.data
        on_device = self.trainer.active_augment is not None
        return train_batches(
            self.data.train,
            classes=self.classes,
            batch_size=config.batch_size,
            seed=self.random_seed,
            first_step=first_step,
            steps=steps,
            augment=None if self.augment is None else self.augment.apply,
            with_seeds=on_device and not to_show,
            as_places=self.trainer.images is not None and not to_show,
            drop_remainder=config.drop_remainder,
            endless=config.steps_per_epoch is not None,
            replicas=self.strategy.num_replicas_in_sync,
            share=self.worker,
        )

    def eval_batches(self, split, whole=False):
        """Batches to be judged: this worker's share, or all of each."""
        config = self.experiment.data
        return eval_batches(
            split,
            classes=self.classes,
            batch_size=config.batch_size,
            image_size=config.image_size,
            crop_fraction=config.crop_fraction,
            share=(0, 1) if whole else self.worker,
        )

    def wait_for_workers(self):
        check_same(self.strategy, "here", "")

    def announce(self):
        """Says what is about to happen, on the screen and in files."""
        if not self.worker.is_chief:
            return
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
        remarks += pretrained.notes(experiment)
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
        images, labels = next(
            self.batches(0, 1, to_show=True).as_numpy_iterator()
        )
        self.background.do(
            write_samples, self.folder, images, labels, data.class_names
        )

    def try_out(self, steps=3):
        """Trains a few steps and evaluates a batch, and keeps nothing.

        Returns:
            Seconds until a first step and evaluation are done, of a step, and
            of evaluating a batch; share of the steps that is waiting.
        """
        clock, start = Clock(), time.perf_counter()
        batches = self.batches(0, 1)
        one = self.eval_batches(self.data.val).take(1)
        self.trainer.fit(batches, shuffle=False, verbose=0)
        self.trainer.evaluate(one, verbose=0)
        start = time.perf_counter() - start
        batches = self.waiting.timed(self.batches(1, steps - 1))
        self.trainer.fit(batches, callbacks=[clock], shuffle=False, verbose=0)
        train, waited = clock.seconds, self.waiting.seconds
        clock = Clock()
        self.trainer.evaluate(one, callbacks=[clock], verbose=0)
        share = min(waited / (steps - 1) / train, 1.0)
        return start, train, clock.seconds, share

    def train(self, request, tracking):
        """Trains from the last checkpoint, or from the start.

        Args:
            request: An `interruption.Request`.
            tracking: A `Tracking` that follows.
        """
        if self.state is not None:
            restore_model(self.trainer, self.state)
            print(f"  resuming after step {self.first_step}", flush=True)
        epoch, done = divmod(self.first_step, self.steps_per_epoch)
        # Whatever was added since, or happened to the file.
        self.folder.write_history(self.rows)
        watchers = watchers_of(self, request, tracking)
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
            self.background.wait()
        except TrainingFailed as error:
            self.write_metrics("failed", str(error))
            raise
        except (Interrupted, WorkerLost):
            if self.rows:
                self.write_metrics("interrupted")
            self.background.wait()
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
        if self.worker.count == 1:
            self.trainer.execute_together(
                devices.steps_per_execution(
                    self.experiment.steps_per_execution,
                    *(steps, self.steps_per_epoch),
                    self.experiment.checkpoint.every_steps or 0,
                )
            )
        if epoch >= self.experiment.epochs - self.experiment.unmixed_epochs:
            self._stop_mixing()
        batches = self.batches(first_step, steps)
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
        # One copy at a time.
        self.background.wait()
        save_checkpoint(
            self.folder,
            self.trainer,
            step,
            self.rows,
            self.config,
            self.background.do,
        )

    def write_metrics(self, status, error=None, **results):
        content = callbacks.summarize(
            self.rows, status, self.experiment.epochs, error
        )
        self.folder.write_json("metrics.json", content | results)

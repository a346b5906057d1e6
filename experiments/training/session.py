"""State of one training run."""

import keras

from augment_tf.ops.sampling import to_32_bits
from experiments.errors import Interrupted, TrainingFailed, WorkerLost
from experiments.history import is_over
from experiments.run_folder import BEST
from experiments.runtime import devices
from experiments.runtime.background import Background
from experiments.runtime.environment import record_environment
from experiments.runtime.workers import check_same
from experiments.training import pretrained, trainer_cache
from experiments.training.augmentation import (
    drop_mixing,
    list_notes,
    mixes,
    trace_once,
)
from experiments.training.callbacks import build_callbacks, summarize
from experiments.training.checkpoints import (
    load_checkpoint,
    restore_model,
    save_checkpoint,
)
from experiments.training.console import describe_run
from experiments.training.data import (
    build_data_record,
    count_classes,
    count_steps,
    describe_classes,
)
from experiments.training.disk import check_room, compute_bytes
from experiments.training.length import check_length
from experiments.training.multi_worker_fit import MultiWorkerTrainer
from experiments.training.outputs import (
    is_whole,
    write_previews,
    write_samples,
)
from experiments.training.timing import Waiting
from experiments.training.trainer import (
    Trainer,
    build_network,
    build_trainer,
)
from pipelines.batches import eval_batches, train_batches
from pipelines.progress import announce_if_slow


class Session:
    """State of one training run: its data, network, checkpoint and files.

    Args:
        spec: The `experiments.training.spec.RunSpec`.
        data: Its `pipelines.loading.DataSet`.
        augment: Its `augment_tf` layer, or None.
    """

    def __init__(self, spec, data, augment):
        experiment = spec.experiment
        self.spec = spec
        self.data = data
        self.augment = augment
        self.random_seed = spec.seed + (experiment.seed_offset or 0)
        self.classes = count_classes(experiment, data)
        self.steps_per_epoch = count_steps(experiment.data, data)
        keeps_images = devices.keeps_images(experiment.data, data.train.images)
        self._cache_key = trainer_cache.make_key(
            spec, self.classes, self.steps_per_epoch
        )
        # Outside of the scope, which belongs to a Keras session.
        cached = trainer_cache.pop(self._cache_key)
        with spec.strategy.scope(), announce_if_slow("building the network"):
            self.trainer = self._build_trainer(cached)
            if keeps_images:
                self.trainer.keep_images(data.train.images)
        self.background = Background()
        self.state = self._load_checkpoint()
        if self.state is None and experiment.model.weights is not None:
            pretrained.load_imagenet_weights(self.trainer.network)
        self.first_step = int(self.state["step"]) if self.state else 0
        check_same(
            spec.strategy,
            f"{spec.config} {self.first_step}",
            "the workers of this run do not see the same in "
            f"{spec.folder.path}: --workdir has to be one that they share.",
        )
        self.rows = self.state["rows"] if self.state else []
        self.waiting = Waiting()
        self.room = check_room(
            spec.folder,
            compute_bytes(experiment, self.trainer, data, self.classes),
        )

    def _load_checkpoint(self):
        state = load_checkpoint(
            self.spec.folder,
            self.trainer,
            self.spec.config,
            self.steps_per_epoch,
        )
        has_best = state is not None and self.data.selection is not None
        best = self.spec.folder / BEST
        if has_best and state["rows"] and not is_whole(best):
            print(
                f"  note      {BEST} is missing or damaged, and cannot be "
                "made again without its epoch: the run starts over",
                flush=True,
            )
            return None
        return state

    def _build_trainer(self, cached):
        # Drawn anew, so that all arms of a seed start from the same weights.
        keras.utils.set_random_seed(to_32_bits(self.random_seed))
        experiment = self.spec.experiment
        replicas = self.spec.strategy.num_replicas_in_sync
        if cached is not None:
            if cached.seed != self.random_seed:
                network = build_network(experiment, self.classes, replicas)
                cached.draw_anew(self.random_seed, network)
            cached.begin_anew()
            return cached
        trainer = build_trainer(
            experiment,
            classes=self.classes,
            steps_per_epoch=self.steps_per_epoch,
            augment=self.augment,
            replicas=replicas,
            jit_compile=self.spec.environment["jit_compile"],
            kind=Trainer if self.spec.worker.count == 1 else MultiWorkerTrainer,
        )
        trainer.draw_anew(self.random_seed, trainer.network)
        return trainer

    def keep_trainer(self):
        """Keeps the trainer for the next run."""
        trainer_cache.put(self._cache_key, self.trainer)

    def batches(self, first_step, steps, to_show=False):
        """Training batches, for the train step or as the network sees them."""
        config = self.spec.experiment.data
        on_device = self.trainer.active_augment is not None
        return train_batches(
            self.data.train,
            classes=self.classes,
            batch_size=config.batch_size,
            seed=self.random_seed,
            first_step=first_step,
            steps=steps,
            augment=trace_once(self.augment, self.spec.experiment),
            with_seeds=on_device and not to_show,
            as_places=self.trainer.images is not None and not to_show,
            drop_remainder=config.drop_remainder,
            endless=config.steps_per_epoch is not None,
            replicas=self.spec.strategy.num_replicas_in_sync,
            share=self.spec.worker,
        )

    def eval_batches(self, split, whole=False):
        """Batches to evaluate: this worker's share, or all of each."""
        config = self.spec.experiment.data
        return eval_batches(
            split,
            classes=self.classes,
            batch_size=config.batch_size,
            image_size=config.image_size,
            crop_fraction=config.crop_fraction,
            share=(0, 1) if whole else self.spec.worker,
        )

    def wait_for_workers(self):
        check_same(self.spec.strategy, "waiting", "")

    def announce(self):
        """Describes the run on the screen and in its files."""
        if not self.spec.worker.is_chief:
            return
        folder, data = self.spec.folder, self.data
        notes = [
            *data.notes,
            *data.overlaps,
            *describe_classes(data),
            *check_length(
                self.spec.experiment,
                len(data.train.labels),
                self.steps_per_epoch,
            ),
            *list_notes(self.augment),
            *pretrained.list_notes(self.spec.experiment),
        ]
        change = record_environment(
            folder, self.spec.environment, self.first_step, notes
        )
        folder.write_json(
            "data.json",
            build_data_record(self.spec.experiment, data, self.steps_per_epoch),
        )
        text = describe_run(self.spec, data, self.trainer, self.steps_per_epoch)
        print(f"{text}\n  results   {folder.path}: {self.room}", flush=True)
        for note in [*notes, *filter(None, [change])]:
            print(f"  note      {note}", flush=True)
        if self.spec.plots:
            self._draw_samples()
        self.background.do(
            write_previews, folder, self.spec.experiment.data, data
        )

    def _draw_samples(self):
        """Draws the first batch, as the network sees it."""
        images, labels = next(
            self.batches(0, 1, to_show=True).as_numpy_iterator()
        )
        self.background.do(
            write_samples,
            *(self.spec.folder, images, labels, self.data.class_names),
        )

    def train(self, request, tracking, report=None):
        """Trains from the last checkpoint, or from the start.

        Args:
            request: An `interruption.Request`.
            tracking: A `Tracking` that follows.
            report: See `build_callbacks`.
        """
        if self.state is not None:
            restore_model(self.trainer, self.state)
            print(f"  resuming after step {self.first_step}", flush=True)
        epoch, done = divmod(self.first_step, self.steps_per_epoch)
        # Without rows that came after the checkpoint, or damage to the file.
        self.spec.folder.write_history(self.rows)
        callbacks = build_callbacks(self, request, tracking, report)
        try:
            if done:
                # Keras makes the metrics' variables, which are about to be
                # restored, when they are first used.
                self.trainer.evaluate(
                    self.eval_batches(self.data.val).take(1), verbose=0
                )
            step = self.first_step
            for stop in self._list_stops(epoch, done):
                if not is_over(self.rows, self.spec.experiment.early_stop):
                    self._fit(step, epoch, stop, callbacks)
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

    def _list_stops(self, epoch, done):
        """Epochs after which `fit` begins anew: half ones, other layers."""
        experiment = self.spec.experiment
        epochs = experiment.epochs
        stops = {epochs, max(epochs - experiment.unmixed_epochs, 0)}
        if done:
            stops.add(epoch + 1)
        return sorted(stop for stop in stops if stop > epoch)

    def _fit(self, first_step, epoch, last_epoch, callbacks):
        """Trains from a step of `epoch` to the end of `last_epoch`."""
        experiment = self.spec.experiment
        steps = last_epoch * self.steps_per_epoch - first_step
        if self.spec.worker.count == 1:
            self.trainer.execute_together(
                devices.steps_per_execution(
                    experiment.steps_per_execution,
                    *(steps, self.steps_per_epoch),
                    experiment.checkpoint.every_steps or 0,
                )
            )
        if epoch >= experiment.epochs - experiment.unmixed_epochs:
            self._stop_mixing()
        batches = self.batches(first_step, steps)
        self.trainer.fit(
            self.waiting.timed(batches),
            validation_data=self.eval_batches(self.data.val),
            initial_epoch=epoch,
            epochs=last_epoch,
            steps_per_epoch=steps // (last_epoch - epoch),
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )

    def _stop_mixing(self):
        if self.augment is None or not mixes(self.augment):
            return
        self.augment = drop_mixing(self.augment)
        self.trainer.stop_mixing()

    def save_checkpoint(self, step):
        # One copy at a time.
        self.background.wait()
        save_checkpoint(
            self.spec.folder,
            self.trainer,
            step,
            self.rows,
            self.spec.config,
            self.background.do,
        )

    def write_metrics(self, status, error=None, **results):
        epochs = self.spec.experiment.epochs
        content = summarize(self.rows, status, epochs, error)
        self.spec.folder.write_json("metrics.json", content | results)

"""All that watches a run while Keras trains it, in the order that it needs."""

from experiments.runtime.workers import STEPS_TO_AGREE, Agreement
from experiments.training import callbacks, evaluations
from experiments.training.optimizers import epoch_learning_rates
from experiments.training.timing import Speed


def watchers_of(session, request, tracking):
    """The Keras callbacks of a run.

    Args:
        session: Its `experiments.training.session.Session`.
        request: An `interruption.Request`.
        tracking: A `Tracking` that follows.
    """
    experiment, data, folder = session.experiment, session.data, session.folder
    every_steps = experiment.checkpoint.every_steps
    watchers, looks_each = [], None
    if session.worker.count > 1:
        agreement = Agreement(request)
        watchers.append(agreement)
        request, looks_each = agreement.agreed, STEPS_TO_AGREE
    watchers += [
        callbacks.StopOnNonFiniteLoss(
            session.name, session.first_step, every_steps, request, looks_each
        ),
        Speed(session.waiting, experiment.data.batch_size),
    ]
    if data.selection is not None:
        batches = session.eval_batches(data.selection)
        watchers.append(evaluations.Selection(batches))
    if session.trainer.averages:
        batches = session.eval_batches(data.val)
        watchers.append(evaluations.Averages(batches))
    rates = epoch_learning_rates(
        experiment.optimizer, experiment.epochs, session.steps_per_epoch
    )
    watchers += [
        callbacks.Progress(experiment.epochs),
        callbacks.History(folder, session.rows, rates),
    ]
    if data.selection is not None:
        patience = experiment.early_stop
        watchers.append(evaluations.BestWeights(folder, session.rows, patience))
    watchers.append(
        callbacks.Checkpoints(
            session.save_checkpoint,
            session.steps_per_epoch,
            every_steps,
            session.state,
            request,
        )
    )
    if session.worker.is_chief:
        watchers.append(callbacks.Plots(folder, session.background.do))
    return [*watchers, callbacks.Tracked(tracking)]

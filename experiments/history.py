"""The best epoch, early stopping and diagnostics of a history.csv."""

import math

import numpy as np

# A curve is judged by this last part of the training. It is called steep if
# as much training again would bring more than so many points of accuracy.
LAST_PART = 0.2
STEEP = 1.0
# A rise of fewer standard errors is noise: 5 of 100 flat curves rise by more.
_SURE = 1.645


def still_rising(rows):
    """Points of val accuracy that another fifth of the training would bring.

    A straight line through the last fifth of the epochs goes on as it is.

    Args:
        rows: Rows of history.csv, or of as many runs' means.

    Returns:
        float, or None if there are fewer than five epochs.
    """
    if len(rows) < 5:
        return None
    part = max(3, round(LAST_PART * len(rows)))
    curve = [100 * row["val_accuracy"] for row in rows[-part:]]
    return float(np.polyfit(np.arange(part), curve, 1)[0] * part)


def estimate_rise_error(rows, images):
    """The standard error of `still_rising`, if epochs err independently.

    Args:
        rows: At least five rows of history.csv.
        images: Number of val images.
    """
    part = max(3, round(LAST_PART * len(rows)))
    accuracy = np.mean([row["val_accuracy"] for row in rows[-part:]])
    deviation = 100 * math.sqrt(accuracy * (1 - accuracy) / images)
    spread = np.arange(part) - (part - 1) / 2
    return float(part * deviation / np.sqrt(np.sum(spread**2)))


def compute_guessing_loss(counts, smoothing=0.0):
    """The cross-entropy of predicting each class with its share, in nats.

    Args:
        counts: Number of training images of each class.
        smoothing: Field label_smoothing of the `Experiment`.
    """
    counts = np.array([n for n in counts if n > 0], float)
    shares = (1 - smoothing) * counts / counts.sum() + smoothing / len(counts)
    return float(-(shares * np.log(shares)).sum())


def best_row(rows):
    """The first of the best epochs; None if there is none yet."""
    column = choose_column(rows)
    return max(rows, key=lambda row: row[column], default=None)


def select_row(rows, judged):
    """The row of the epoch whose network is compared with others.

    Its val_accuracy is the accuracy of that network: for "ema" of the averaged
    weights.

    Args:
        rows: Rows of history.csv.
        judged: Field of the `experiments.configs.schema.Experiment`.
    """
    if judged == "best":
        return best_row(rows)
    if judged == "ema":
        averaged = {
            name.removeprefix("ema_"): value
            for name, value in rows[-1].items()
            if name.startswith("ema_")
        }
        return rows[-1] | averaged
    return rows[-1]


def choose_column(rows):
    """The column that picks the best epoch: of held-out or of val images."""
    selected = bool(rows) and "selection_accuracy" in rows[0]
    return "selection_accuracy" if selected else "val_accuracy"


def is_over(rows, patience):
    """True if none of the last `patience` epochs was better than one before."""
    if patience is None or not rows:
        return False
    return rows[-1]["epoch"] - best_row(rows)["epoch"] >= patience


def diagnose(rows, guessing_loss, images):
    """Yields the diagnostics of a run that ended early or badly.

    Args:
        rows: Rows of history.csv.
        guessing_loss: See `compute_guessing_loss`.
        images: Number of val images.

    Yields:
        Sentences without a full stop.
    """
    if rows[-1]["loss"] > guessing_loss:
        yield (
            f"its loss ended at {rows[-1]['loss']:.3g}, above the loss of "
            f"guessing ({guessing_loss:.3g}): it diverged or did not learn; a "
            "lower optimizer.learning_rate may help"
        )
    rising = still_rising(rows)
    if rising is None or rising <= STEEP:
        return
    if rising > _SURE * estimate_rise_error(rows, images):
        yield (
            f"undertrained: accuracy on val rose by {rising:.1f} points over "
            "the last fifth of the epochs; more of them may help"
        )

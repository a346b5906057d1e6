"""Head of a network: features to logits."""

from keras import layers

from models.initializers import get_bias_initializer, get_initializer


def add_head(features, classes, initializer, bias_initializer):
    """Logits, in float32 under every dtype policy.

    Args:
        features: A Keras tensor (batch, channels).
        classes: Number of logits.
        initializer: Name of the kernel's, see `get_initializer`.
        bias_initializer: Of the bias', see `get_bias_initializer`.

    Returns:
        A Keras tensor (batch, classes).

    Raises:
        ValueError: if a name is unknown.
    """
    return layers.Dense(
        classes,
        kernel_initializer=get_initializer(initializer),
        bias_initializer=get_bias_initializer(
            bias_initializer, fan_in=features.shape[-1]
        ),
        dtype="float32",
        name="logits",
    )(features)

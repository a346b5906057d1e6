"""Images that are changed a little, to a network's disadvantage."""

import keras
import tensorflow as tf

# How far a value may be moved, in units of 1/255.
STEPS = (1, 2, 4)


def make_attack(network):
    """The fast gradient sign method, against one network.

    References:
        Goodfellow et al., Explaining and Harnessing Adversarial Examples,
        ICLR 2015, https://arxiv.org/abs/1412.6572

    Args:
        network: A Keras model of raw images in [0, 255], which returns
            logits. It normalizes by itself, so its gradients are those with
            respect to the pixels, and a step of 1/255 is one of 1.

    Returns:
        A function (images, labels) -> signs: float (N, H, W, 3) in [0, 255]
        and int (N,) to float of the images' shape: in which direction each
        value raises the loss, -1, 0 or 1.
    """

    @tf.function(reduce_retracing=True)
    def signs(images, labels):
        images = tf.cast(images, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = network(images, training=False)
            # Each image's loss depends on no other image.
            loss = keras.ops.sum(
                keras.losses.sparse_categorical_crossentropy(
                    labels, logits, from_logits=True
                )
            )
        return tf.sign(tape.gradient(loss, images))

    return signs


def attacked(images, signs, step):
    """Images moved by `step` along `signs`, cut off at [0, 255].

    Args:
        images: (N, H, W, 3).
        signs: As the function of `make_attack` returns them.
        step: In units of 1/255, as in `STEPS`.

    Returns:
        float32, of the same shape.
    """
    moved = tf.cast(images, tf.float32) + step * signs
    return tf.clip_by_value(moved, 0.0, 255.0)

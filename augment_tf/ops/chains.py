"""Gives every image of a batch its own chain of operations.

On a CPU: one loop over the images, in which each selects its operations. The
time of an image is the time of its own operations, not of all operations, and
little code is compiled. A loop over images leaves an accelerator idle: there,
every operation works on the whole batch.
"""

import functools

import tensorflow as tf

from augment_tf.ops import affine, bytes
from augment_tf.ops.compiling import choose_by_device, compile_in_graphs
from augment_tf.ops.luma import compute_luma
from augment_tf.ops.saliency import to_uint8

TABLES = {"autocontrast": bytes.autocontrast, "equalize": bytes.equalize}
RECOLORINGS = {
    "brightness": bytes.brightness,
    "contrast": bytes.contrast,
    "color": bytes.color,
    "sharpness": bytes.sharpness,
    "invert": bytes.invert,
    "posterize": bytes.posterize,
    "solarize": bytes.solarize,
}
RESAMPLINGS = {
    "move": affine.move,
    "nearest": affine.nearest,
    "bilinear": affine.bilinear,
    "bilinear_rows": affine.bilinear_rows,
    "bilinear_columns": affine.bilinear_columns,
}
# Names of operations. `chosen` in `apply_chains` refers to places in its
# argument `operations`, not in this tuple. "identity" changes nothing.
OPERATIONS = ("identity", *TABLES, *RECOLORINGS, *RESAMPLINGS)


def change_images(images, chosen, parameters, operations, color=0.0):
    """`apply_chains` for floats and gray images, too; see `change_bytes`.

    Args:
        images: uint8 or float32 (B, H, W, 3) or (B, H, W, 1), in [0, 255].
        chosen: See `apply_chains`.
        parameters: See `apply_chains`.
        operations: See `apply_chains`.
        color: Number, or three, in [0, 255]: around an image that was moved.
    """
    if images.shape[-1] == 1:
        color = compute_luma(color)
    fill = color if isinstance(color, tuple) else 3 * (color,)
    fill = tuple(round(value) for value in fill)
    return change_bytes(
        images,
        lambda images: apply_chains(
            images, chosen, parameters, operations, fill
        ),
    )


def change_bytes(images, change):
    """Applies a function of bytes to floats and gray images, too.

    Floats are rounded to bytes and returned as floats. Gray images are
    processed as three equal channels.

    Args:
        images: uint8 or float32 (B, H, W, 3) or (B, H, W, 1), in [0, 255].
        change: Function of uint8 (B, H, W, 3), which returns the same shape.
    """
    colored = to_uint8(images)
    if images.shape[-1] == 1:
        colored = tf.repeat(colored, 3, axis=-1)
    # XLA does not compile a loop over no images.
    if images.shape[0]:
        changed = change(colored)
    else:
        some = tf.shape(images)[0] > 0
        changed = tf.cond(some, lambda: change(colored), lambda: colored)
    return tf.cast(changed[..., : images.shape[-1]], images.dtype)


def apply_chains(images, chosen, parameters, operations, fill):
    """Each image after its operations, one after the other.

    Args:
        images: uint8 (B, H, W, 3).
        chosen: int32 (B, L), each a place in `operations`.
        parameters: float64 (B, L, 6): a matrix (see `affine`) for what moves
            pixels; otherwise one number and five that are ignored: a factor,
            "bits" of posterize, the threshold of solarize.
        operations: Tuple of names out of `OPERATIONS`.
        fill: Tuple of three integers in [0, 255]: the color around an image
            that was moved.

    Returns:
        uint8 (B, H, W, 3).
    """
    arguments = images, chosen, parameters, operations, fill
    return choose_by_device(
        lambda: apply_in_turn(*arguments), lambda: apply_at_once(*arguments)
    )


@compile_in_graphs
def apply_in_turn(images, chosen, parameters, operations, fill):
    """`apply_chains` by a loop over the images, for CPUs."""

    def chain(inputs):
        image, chosen, parameters = inputs

        def step(index, image):
            # Two switches, so that a table is computed once. In one, compilers
            # would compute its entries again for each pixel.
            choose = functools.partial(tf.switch_case, chosen[index])
            numbers = parameters[index]
            table = choose([_table(n, image) for n in operations])
            change = functools.partial(_change, image, table, numbers, fill)
            changed = choose([functools.partial(change, n) for n in operations])
            return index + 1, tf.ensure_shape(changed, images.shape[1:])

        _, image = tf.while_loop(
            lambda index, _: index < tf.shape(chosen)[0], step, (0, image)
        )
        return image

    return tf.map_fn(
        chain, (images, chosen, parameters), fn_output_signature=tf.uint8
    )


@compile_in_graphs
def apply_at_once(images, chosen, parameters, operations, fill):
    """`apply_chains` by all operations on the whole batch, for accelerators.

    Each image keeps the result of its own operation.
    """

    def change(inputs):
        image, chosen, numbers = inputs
        result = image
        for place, name in enumerate(operations):
            table = _table(name, image)()
            changed = _change(image, table, numbers, fill, name)
            result = tf.where(chosen == place, changed, result)
        return result

    def step(index, images):
        inputs = images, chosen[:, index], parameters[:, index]
        changed = tf.vectorized_map(change, inputs)
        return index + 1, tf.ensure_shape(changed, images.shape)

    _, images = tf.while_loop(
        lambda index, _: index < tf.shape(chosen)[1], step, (0, images)
    )
    return images


def _table(name, image):
    return functools.partial(TABLES.get(name, bytes.unchanged), image)


def _change(image, table, numbers, fill, name):
    if name in TABLES:
        return bytes.look_up(image, table)
    if name in RECOLORINGS:
        return RECOLORINGS[name](image, numbers[0])
    if name in RESAMPLINGS:
        return RESAMPLINGS[name](image, numbers, tf.constant(fill, tf.uint8))
    return image

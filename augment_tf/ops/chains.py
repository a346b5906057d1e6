"""Gives every image of a batch its own chain of operations.

One loop over the images, in which each chooses its operations: no image pays
for what another one gets, as it would if the whole batch went through every
operation, and what is compiled is small.
"""

import functools

import tensorflow as tf

from augment_tf.ops import affine, bits, blending, tables
from augment_tf.ops.compiling import fused
from augment_tf.ops.luma import luma_of
from augment_tf.ops.saliency import to_uint8

TABLES = {"autocontrast": tables.autocontrast, "equalize": tables.equalize}
RECOLORINGS = {
    "brightness": blending.brightness,
    "contrast": blending.contrast,
    "color": blending.color,
    "sharpness": blending.sharpness,
    "invert": bits.invert,
    "posterize": bits.posterize,
    "solarize": bits.solarize,
}
RESAMPLINGS = {
    "move": affine.move,
    "nearest": affine.nearest,
    "bilinear": affine.bilinear,
    "bilinear_rows": affine.bilinear_rows,
    "bilinear_columns": affine.bilinear_columns,
}
# Names of operations; what `apply_chains` counts is the place in its own
# argument. "identity" leaves an image alone.
OPERATIONS = ("identity", *TABLES, *RECOLORINGS, *RESAMPLINGS)


def change_images(images, chosen, parameters, operations, color=0.0):
    """`apply_chains` for images as layers get them.

    Floats are rounded to bytes and come back as floats; gray images, with one
    channel, go through all operations as three equal ones.

    Args:
        images: uint8 or float32 (B, H, W, 3) or (B, H, W, 1), in [0, 255].
        chosen: See `apply_chains`.
        parameters: See `apply_chains`.
        operations: See `apply_chains`.
        color: Number, or three, in [0, 255]: shows around what was moved.
    """
    colored = to_uint8(images)
    if images.shape[-1] == 1:
        colored = tf.repeat(colored, 3, axis=-1)
        color = luma_of(color)
    fill = color if isinstance(color, tuple) else 3 * (color,)
    fill = tuple(round(value) for value in fill)

    def apply():
        return apply_chains(colored, chosen, parameters, operations, fill)

    # XLA does not compile a loop over no images.
    if images.shape[0]:
        changed = apply()
    else:
        some = tf.shape(images)[0] > 0
        changed = tf.cond(some, apply, lambda: colored)
    return tf.cast(changed[..., : images.shape[-1]], images.dtype)


@fused
def apply_chains(images, chosen, parameters, operations, fill):
    """Each image after its operations, one after the other.

    Args:
        images: uint8 (B, H, W, 3).
        chosen: int32 (B, L), each a place in `operations`.
        parameters: float64 (B, L, 6): a matrix (see `affine`) for what moves
            pixels, one number and five that are not looked at for what takes
            one: a factor, "bits" of posterize, the threshold of solarize.
        operations: Tuple of names out of `OPERATIONS`.
        fill: Tuple of three integers in [0, 255]: the color around an image
            that was moved.

    Returns:
        uint8 (B, H, W, 3).
    """

    def chain(inputs):
        image, chosen, parameters = inputs

        def step(index, image):
            # Two choices, so that a table is made once. Compilers would work
            # its entries out again for each pixel that is looked up.
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


def _table(name, image):
    return functools.partial(TABLES.get(name, tables.unchanged), image)


def _change(image, table, numbers, fill, name):
    if name in TABLES:
        return tables.look_up(image, table)
    if name in RECOLORINGS:
        return RECOLORINGS[name](image, numbers[0])
    if name in RESAMPLINGS:
        return RESAMPLINGS[name](image, numbers, tf.constant(fill, tf.uint8))
    return image

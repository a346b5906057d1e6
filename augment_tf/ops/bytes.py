"""Operations on the bytes of one image, uint8 (H, W, 3), equal to Pillow's.

Three kinds: on each byte by itself; through a table, uint8 (256, 3), of the
new value of each byte in each channel; and blending with a degenerate image,
as Pillow's ImageEnhance does, by a factor: 0 gives the degenerate image, 1
the image itself, and more than 1 leads away from the degenerate one.
"""

import tensorflow as tf

from augment_tf.ops.compiling import round_first

CHANNELS = 3


def invert(image, _):
    return 255 - image


def posterize(image, bits):
    """Keeps the highest `bits`, in [0, 8], of each byte."""
    dropped = tf.bitwise.left_shift(1, 8 - tf.cast(bits, tf.int32))
    return tf.bitwise.bitwise_and(image, tf.cast(256 - dropped, tf.uint8))


def solarize(image, threshold):
    """Inverts bytes of at least the threshold."""
    below = tf.cast(image, tf.float64) < threshold
    return tf.where(below, image, 255 - image)


def look_up(image, table):
    """The image (H, W, 3) with each byte replaced by its table's entry.

    Also takes a batch of images and their tables (B, 256, 3).
    """
    positions = tf.cast(image, tf.int32) * CHANNELS + tf.range(CHANNELS)
    return tf.gather(_lines(table), positions, batch_dims=table.shape.rank - 2)


def unchanged(image):
    return tf.cast(_levels(), tf.uint8)


def autocontrast(image):
    """Stretches each channel's range of values to [0, 255].

    Also makes the tables (B, 256, 3) of a batch of images.
    """
    low = _over_pixels(tf.reduce_min, image)
    high = _over_pixels(tf.reduce_max, image)
    span = tf.cast(tf.maximum(high - low, 1), tf.float64)
    scale = 255.0 / span
    # Rounded twice, as by Pillow.
    scaled = round_first(tf.cast(_levels(), tf.float64) * scale)
    offset = round_first(tf.cast(low, tf.float64) * scale)
    stretched = tf.clip_by_value(scaled - offset, 0.0, 255.0)
    table = tf.where(high > low, tf.cast(stretched, tf.int32), _levels())
    return tf.cast(table, tf.uint8)


def equalize(image):
    """Spreads each channel's values so that all become equally frequent."""
    counts = _histogram(image)
    below = _count_below(counts)
    last = tf.reduce_max(tf.where(counts > 0, _levels(), 0), axis=0)
    last = tf.reduce_sum(tf.where(_levels() == last, counts, 0), axis=0)
    total = tf.size(image) // CHANNELS
    step = (total - last) // 255
    # Half of a unit more keeps a quotient clear of whole numbers. Compilers
    # do not vectorize a division of integers.
    quotient = tf.cast(step // 2 + below, tf.float64) + 0.5
    quotient /= tf.cast(tf.maximum(step, 1), tf.float64)
    spread = tf.cast(quotient, tf.int32)
    table = tf.where(step > 0, tf.minimum(spread, 255), _levels())
    return tf.cast(table, tf.uint8)


def _over_pixels(reduce, image):
    """A minimum or maximum of each channel, int32 (..., 1, 3)."""
    # Over rows first, in whole lines: an innermost dimension of 3 keeps a
    # CPU from vectorizing.
    line = reduce(_lines(image), axis=-2)
    pixels = tf.concat((tf.shape(line)[:-1], (-1, CHANNELS)), axis=0)
    line = tf.reshape(line, pixels)
    return tf.cast(reduce(line, axis=-2, keepdims=True), tf.int32)


def _lines(image):
    """The last two dimensions as one."""
    shape = tf.concat((tf.shape(image)[:-2], (-1,)), axis=0)
    return tf.reshape(image, shape)


def _histogram(image):
    """Counts of each byte in each channel, int32 (256, 3)."""
    positions = tf.cast(image, tf.int32) * CHANNELS + tf.range(CHANNELS)
    counts = tf.math.unsorted_segment_sum(
        tf.ones_like(positions), positions, 256 * CHANNELS
    )
    return tf.reshape(counts, (256, CHANNELS))


def _count_below(counts):
    """Sums of the counts before each, in two short steps: (256, 3)."""
    groups = tf.reshape(counts, (16, 16, CHANNELS))
    before = tf.cumsum(tf.reduce_sum(groups, axis=1), exclusive=True)
    below = before[:, tf.newaxis] + tf.cumsum(groups, axis=1, exclusive=True)
    return tf.reshape(below, (256, CHANNELS))


def _levels():
    """Each byte for each channel, int32 (256, 3)."""
    return tf.tile(tf.range(256)[:, tf.newaxis], (1, CHANNELS))


def blend(degenerate, image, factor):
    """Pillow's `Image.blend`: extrapolation from `degenerate`, as uint8.

    The result is degenerate + factor * (image - degenerate).

    degenerate, image: integers in [0, 255], of shapes that broadcast.
    """
    degenerate = tf.cast(degenerate, tf.int32)
    difference = tf.cast(tf.cast(image, tf.int32) - degenerate, tf.float32)
    product = tf.cast(factor, tf.float32) * difference
    total = tf.cast(degenerate, tf.float32) + round_first(product)
    return tf.cast(tf.clip_by_value(total, 0.0, 255.0), tf.uint8)


def luma(image):
    """ITU-R BT.601 luma of (H, W, 3), int32 (H, W), rounded as in Pillow."""
    red, green, blue = tf.unstack(tf.cast(image, tf.int32), axis=-1)
    total = 19595 * red + 38470 * green + 7471 * blue + 32768
    # A shift is faster than a division that rounds down.
    return tf.bitwise.right_shift(total, 16)


def brightness(image, factor):
    return blend(0, image, factor)


def contrast(image, factor):
    """Blends with the mean of the luma."""
    lumas = luma(image)
    total = tf.reduce_sum(tf.cast(lumas, tf.int64))
    pixels = tf.cast(tf.size(lumas), tf.int64)
    mean = (2 * total + pixels) // (2 * pixels)
    return blend(tf.cast(mean, tf.int32), image, factor)


def color(image, factor):
    """Changes the saturation: blends with gray."""
    return blend(luma(image)[..., tf.newaxis], image, factor)


def sharpness(image, factor):
    return blend(_smooth(image), image, factor)


def _smooth(image):
    """Means of 3x3 pixels, the middle one five times; the border stays."""
    shape = tf.shape(image)
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    lines = tf.reshape(image, (shape[0], -1))
    height, width = shape[0], tf.shape(lines)[1]
    # Padded as bytes: a quarter of the memory traffic.
    padded = tf.cast(tf.pad(lines, [[1, 1], [3, 3]]), tf.int32)
    lines = tf.cast(lines, tf.int32)
    rows = padded[:height] + padded[1 : height + 1] + padded[2:]
    total = rows[:, :width] + rows[:, 3 : width + 3] + rows[:, 6:]
    total += 4 * lines
    # No sum comes nearer to a whole number than 1 / 26: the float is exact.
    mean = tf.cast((tf.cast(total, tf.float32) + 6.5) / 13.0, tf.int32)
    row, value = tf.range(height)[:, tf.newaxis], tf.range(width)
    inside = (row > 0) & (row < height - 1)
    inside &= (value >= 3) & (value < width - 3)
    return tf.reshape(tf.where(inside, mean, lines), shape)

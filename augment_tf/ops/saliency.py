"""Fine-grained saliency in TensorFlow, equal to OpenCV's bit for bit."""

import numpy as np
import tensorflow as tf

from augment_tf.ops.arguments import check_images

# The detector compares each pixel with the means of windows that reach this
# many pixels before and after it.
REACHES = (12, 24, 28, 48, 56, 112)

# float32 holds every integer up to here.
EXACT = 2**24

# Pixels of the images that a CPU processes at once.
GROUP_PIXELS = 2**15


def fine_grained_saliency(images):
    """Saliency maps: the contrast of each pixel with its surroundings.

    For each of six window sizes, the differences between a pixel of the gray,
    twice blurred image and the mean of the window around it are summed, the
    positive and the negative ones apart; each sum is scaled to 255, and the
    two are added. The maps are those of OpenCV's StaticSaliencyFineGrained,
    run on the BGR copy of the same images, bit for bit; its roundings, and
    the wrap-around of sums above 255, are kept.

    Every step is exact on every device: gray values and window sums are
    integers that float32 holds, nothing is a matrix product (which a GPU or
    a TPU would round), and no quotient is left to the rounding of a division
    by a constant, which compilers replace.

    In a graph (`tf.data`, `tf.function`, a Keras model) the computation is
    compiled by XLA, once for each input shape, which takes some seconds, and
    works on a few images at a time, whose sums fit a processor's cache.
    Eager calls are not compiled and are up to ten times slower: wrap them in
    `tf.function` if time matters. Inside a function that is compiled already,
    as on an accelerator, the whole batch is processed at once.

    References:
        - Montabone and Soto, Human detection using a mobile platform and
          novel features derived from a visual saliency mechanism (2010),
          https://doi.org/10.1016/j.imavis.2009.06.006

    Args:
        images: RGB in [0, 255]; all but uint8 is clipped and rounded first;
            (batch, height, width, 3), or one image (height, width, 3).
            Height and width are at least 3, and static.

    Returns:
        uint8 maps, (batch, height, width), or (height, width) for one image.
        A flat image has a map of zeros.

    Raises:
        ValueError: if the shape or the dtype is wrong.

    Example:

    >>> import augment_tf
    >>> import numpy as np
    >>> image = np.full((32, 32, 3), 100, np.uint8)
    >>> image[10, 20] = 200
    >>> saliency = augment_tf.fine_grained_saliency(image).numpy()
    >>> saliency.shape, saliency.dtype, saliency[10, 20], saliency[0, 0]
    ((32, 32), dtype('uint8'), np.uint8(255), np.uint8(0))
    """
    images = check_images(images, "fine_grained_saliency")
    if images.shape.rank == 3:
        return fine_grained_saliency(images[tf.newaxis])[0]
    height, width = images.shape[1:3]
    if height is None or width is None or min(height, width) < 3:
        raise ValueError(
            "fine_grained_saliency expects a static height and width of at "
            f"least 3. Received: shape {images.shape}. If the images have "
            "one size that TensorFlow does not know, use tf.ensure_shape."
        )
    if tf.executing_eagerly() or _is_compiled_already():
        return _maps(images)
    return _compiled_maps(images)


def to_uint8(images):
    """Float images clipped to [0, 255] and rounded, half to even."""
    if images.dtype == tf.uint8:
        return images
    return tf.cast(tf.round(tf.clip_by_value(images, 0.0, 255.0)), tf.uint8)


def _is_compiled_already():
    # TensorFlow has no public name for it; this one it exports for Keras.
    return tf.__internal__.get_enclosing_xla_context() is not None


@tf.function(jit_compile=True, autograph=False)
def _compiled_maps(images):
    """The maps, group by group, so that a group's sums stay in the cache."""
    count, (height, width) = tf.shape(images)[0], images.shape[1:3]
    most = max(1, GROUP_PIXELS // (height * width))
    groups = tf.maximum((count + most - 1) // most, 1)
    padding = [[0, -count % groups], [0, 0], [0, 0], [0, 0]]
    images = tf.reshape(tf.pad(images, padding), (groups, -1, height, width, 3))
    maps = tf.map_fn(_maps, images, fn_output_signature=tf.uint8)
    return tf.reshape(maps, (-1, height, width))[:count]


def _maps(images):
    # With the batch innermost, every slice along the height or the width is
    # whole contiguous rows, and the CPU vectorizes all that follows.
    gray = tf.transpose(_gray(images), (1, 2, 0))
    return tf.transpose(_saliency(gray), (2, 0, 1))


def _gray(images):
    """OpenCV's luma, with weights in units of 2**-15, float32 (B, H, W)."""
    images = tf.cast(to_uint8(images), tf.float32)
    red, green, blue = tf.unstack(images, axis=-1)
    weighted = 9798.0 * red + 19235.0 * green + 3735.0 * blue
    return tf.floor((weighted + 2.0**14) * 2.0**-15)


def _saliency(gray):
    """The maps, uint8 (H, W, B), of gray images, float32 (H, W, B)."""
    gray = _blur(_blur(gray))
    height, width = gray.shape[:2]
    integral = _integral(gray)
    on = total = tf.zeros_like(gray)
    for reach in REACHES:
        rows, columns = _window_size(height, reach), _window_size(width, reach)
        pixels = (rows[:, np.newaxis] * columns)[..., np.newaxis]
        # With the pixel itself left out of its window, gray minus the mean
        # is this by pixels - 1: an integer, and at most 255 of those.
        difference = gray * pixels.astype(np.float32)
        difference -= _window_sums(integral, reach)
        quotient = _quotient(tf.abs(difference), pixels - 1)
        on += tf.where(difference > 0.0, quotient, 0.0)
        total += quotient
    sums = _to_255(on) + _to_255(total - on)
    # OpenCV stores the sum in a byte and drops what does not fit.
    return tf.cast(tf.bitwise.bitwise_and(sums, 255), tf.uint8)


def _blur(gray):
    """A 3x3 Gaussian, rounded half up; gray: (H, W, B)."""
    for axis in (0, 1):
        size = gray.shape[axis]
        # Reflect-101: the neighbours outside are the neighbours inside.
        first = 2.0 * (_part(gray, axis, 0, 1) + _part(gray, axis, 1, 2))
        last = _part(gray, axis, size - 2, size - 1)
        last = 2.0 * (last + _part(gray, axis, size - 1, size))
        inner = _part(gray, axis, 0, size - 2) + _part(gray, axis, 2, size)
        inner += 2.0 * _part(gray, axis, 1, size - 1)
        gray = tf.concat([first, inner, last], axis)
    return tf.floor((gray + 8.0) * 2.0**-4)


def _integral(gray):
    """Sums over all that is above and left, (H + 1, W + 1, B)."""
    sums = _running_sum(gray, 1)
    if 255 * gray.shape[0] * gray.shape[1] <= EXACT:
        sums = _running_sum(sums, 0)
    else:
        # OpenCV adds row after row in float32, and rounds above 2**24. Only
        # the same order of additions rounds the same.
        sums = tf.scan(lambda above, row: above + row, sums)
    return tf.pad(sums, [[1, 0], [1, 0], [0, 0]])


def _running_sum(values, axis, block=16):
    """tf.cumsum of integers, several times faster: blocks, then offsets."""
    size = values.shape[axis]
    padding = np.zeros((3, 2), int)
    padding[axis, 1] = -size % block
    values = tf.pad(values, padding)
    shape = [-1 if side is None else side for side in values.shape]
    blocked = shape[:axis] + [-1, block] + shape[axis + 1 :]
    if -1 in shape:
        blocked[axis] = shape[axis] // block
    sums = _accumulate(tf.unstack(tf.reshape(values, blocked), axis=axis + 1))
    before = [tf.zeros_like(tf.gather(sums[-1], 0, axis=axis))]
    before = _accumulate(before + tf.unstack(sums[-1], axis=axis)[:-1])
    before = tf.stack(before, axis=axis)
    sums = tf.stack([part + before for part in sums], axis=axis + 1)
    return _part(tf.reshape(sums, shape), axis, 0, size)


def _accumulate(parts):
    sums = parts[:1]
    for part in parts[1:]:
        sums.append(sums[-1] + part)
    return sums


def _window_sums(integral, reach):
    """Sums of the gray values in each pixel's window, (H, W, B)."""
    lines = []
    for height, top, bottom in _stretches(integral.shape[0] - 1, reach):
        line = []
        for width, left, right in _stretches(integral.shape[1] - 1, reach):
            # In OpenCV's order: the first addition can pass 2**24 and round.
            sums = integral[bottom, right]
            if top and left:
                sums += integral[top, left]
            if left:
                sums -= integral[bottom, left]
            if top:
                sums -= integral[top, right]
            times = (height // sums.shape[0], width // sums.shape[1], 1)
            line.append(sums if times == (1, 1, 1) else tf.tile(sums, times))
        lines.append(tf.concat(line, 1))
    return tf.concat(lines, 0)


def _window_size(size, reach):
    """Pixels in the windows [i - reach + 1, i + reach + 1), clipped."""
    index = np.arange(size)
    first = np.maximum(index - reach + 1, 0)
    return np.minimum(index + reach + 1, size) - first


def _stretches(size, reach):
    """Starts and ends of the windows of neighbouring pixels, in stretches.

    Along a stretch, each end of the window either moves with the pixel or
    stays at the border, so that slices of the integral image serve for all
    pixels in it: faster than to gather their corners.

    Returns:
        A list of (pixels, slice of the beginnings, slice of the ends); None
        for beginnings at 0, where the integral is 0, and a slice of one for
        ends at the border.
    """
    reach = min(reach, size)
    cuts = sorted({0, reach - 1, max(size - reach - 1, 0), size})
    stretches = []
    for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
        first = last = None
        if stop >= reach:
            first = slice(start - reach + 1, stop - reach + 1)
        if stop < size - reach:
            last = slice(start + reach + 1, stop + reach + 1)
        stretches.append((stop - start, first, last or slice(size, size + 1)))
    return stretches


def _part(values, axis, start, stop):
    """values[start:stop] along an axis."""
    index = [slice(None)] * values.shape.rank
    index[axis] = slice(start, stop)
    return values[tuple(index)]


def _quotient(dividend, divisor):
    """floor(dividend / divisor), exact; dividend: integers up to 255 times.

    The product with the inverse is off by less than 2**-23 of itself. While
    the dividend stays below 2**22 that is less than half of 1 / divisor, so
    that adding this half keeps the floor right on either side of an integer.
    For larger dividends the remainder is checked.
    """
    inverse = (1.0 / divisor).astype(np.float32)
    if 255 * divisor.max() < 2**22:
        return tf.floor((dividend + 0.5) * inverse)
    divisor = divisor.astype(np.float32)
    quotient = tf.floor(dividend * inverse)
    remainder = dividend - quotient * divisor
    quotient += tf.cast(remainder >= divisor, tf.float32)
    return quotient - tf.cast(remainder < 0.0, tf.float32)


def _to_255(sums):
    """Sums scaled by each image's maximum to 255, truncated, int32."""
    maximum = tf.reduce_max(sums, axis=(0, 1), keepdims=True)
    # The product needs 32 bits: in float32 it would round up to integers.
    ratio = tf.cast(sums / tf.maximum(maximum, 1.0), tf.float64)
    return tf.cast(255.0 * ratio, tf.int32)

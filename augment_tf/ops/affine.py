"""Rotation, translation, scale and shear as maps from result to image.

A matrix here is float64 (..., 6), (a, b, c, d, e, f), as Pillow's
`Image.transform` takes it: the point (x, y) of the result shows the point
(a x + b y + c, d x + e y + f) of the image. Points are counted from the upper
left corner of the image, so that pixel (0, 0) has its center at (0.5, 0.5).
"""

import math

import tensorflow as tf

# Pillow's unit of position for nearest neighbours.
UNITS = 65536.0
# Weights of bilinear neighbours are multiples of 1 / 256: integers, which
# give the same bits on every processor.
STEP_BITS = 8
STEPS = 2**STEP_BITS


def rotation(degrees, height, width):
    """Counterclockwise around the middle of the image."""
    angle = degrees * (math.pi / 180.0)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    return _around_middle(cosine, -sine, sine, cosine, height, width)


def shear_x(amount):
    """Pixels move to the left by `amount` for each row below the top."""
    return _build_matrix(a=1.0, b=amount, e=1.0)


def shear_y(amount):
    return _build_matrix(a=1.0, d=amount, e=1.0)


def translation(right, down):
    """Moves the image by numbers of pixels, whole or not."""
    return _build_matrix(a=1.0, c=-right, e=1.0, f=-down)


def combination(degrees, right, down, scale, shear_x, shear_y, height, width):
    """Shear, rotation and scale around the middle, then a translation.

    torchvision's order for points: sheared along x, then along y, rotated
    clockwise, scaled, translated. Angles are in degrees; all arguments but
    the last two are float64 (B,).
    """
    angle, x, y = (
        value * (math.pi / 180.0) for value in (degrees, shear_x, shear_y)
    )
    cosine, sine = tf.cos(angle), tf.sin(angle)
    a = cosine + sine * tf.tan(y)
    b = -sine - a * tf.tan(x)
    d = sine - cosine * tf.tan(y)
    e = cosine - d * tf.tan(x)
    # Shears and rotations have determinant 1.
    a, b, d, e = e / scale, -b / scale, -d / scale, a / scale
    matrix = _around_middle(a, b, d, e, height, width)
    zero = tf.zeros_like(a)
    back = (zero, zero, a * right + b * down, zero, zero, d * right + e * down)
    return matrix - tf.stack(back, axis=-1)


def _around_middle(a, b, d, e, height, width):
    x = tf.cast(width, tf.float64) / 2.0
    y = tf.cast(height, tf.float64) / 2.0
    c = x - (a * x + b * y)
    return tf.stack((a, b, c, d, e, y - (d * x + e * y)), axis=-1)


def _build_matrix(**entries):
    shape = tf.shape(sum(entries.values()))
    return tf.stack(
        [
            tf.broadcast_to(tf.cast(entries.get(key, 0.0), tf.float64), shape)
            for key in "abcdef"
        ],
        axis=-1,
    )


def nearest(image, matrix, fill):
    """Resamples an image (H, W, 3) by a matrix (6,), nearest neighbours.

    Equals Pillow. Pixels from outside the image become `fill`, uint8 (3,).
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    a, b, c, d, e, f = tf.unstack(matrix)
    # Whole numbers, far below 2**53: exact, and of any size of image.
    x = tf.range(tf.cast(width, tf.float64), dtype=tf.float64)
    y = tf.range(tf.cast(height, tf.float64), dtype=tf.float64)[:, tf.newaxis]
    columns = _whole(c + a / 2 + b / 2) + _whole(b) * y + _whole(a) * x
    rows = _whole(f + d / 2 + e / 2) + _whole(e) * y + _whole(d) * x
    return _take(image, tf.floor(rows / UNITS), tf.floor(columns / UNITS), fill)


def _whole(value):
    return tf.floor(value * UNITS + 0.5)


def _take(image, rows, columns, fill):
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    last_row = tf.cast(height - 1, rows.dtype)
    last_column = tf.cast(width - 1, columns.dtype)
    inside = (rows >= 0) & (rows <= last_row)
    inside &= (columns >= 0) & (columns <= last_column)
    # Before the cast: a position may be too large for an int32.
    rows = tf.cast(tf.clip_by_value(rows, 0, last_row), tf.int32)
    columns = tf.cast(tf.clip_by_value(columns, 0, last_column), tf.int32)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    taken = tf.gather(pixels, rows * width + columns)
    return tf.where(inside[..., tf.newaxis], taken, fill)


def move(image, matrix, fill):
    """`nearest` and `bilinear` for moves by whole pixels, in less time.

    Only c and f of the matrix are used.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    *_, right, _, _, down = tf.unstack(tf.cast(matrix, tf.int32))
    rows = (tf.range(height) + down)[:, tf.newaxis]
    columns = tf.range(width) + right
    return _take(image, rows, columns, fill)


def bilinear(image, matrix, fill):
    """Bilinear resampling of four neighbours, within 1 of Pillow's result.

    Neighbours outside the image are replaced by the border's pixels.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    a, b, c, d, e, f = tf.unstack(matrix)
    x = tf.range(tf.cast(width, tf.float64), dtype=tf.float64) + 0.5
    y = tf.range(tf.cast(height, tf.float64), dtype=tf.float64) + 0.5
    y = y[:, tf.newaxis]
    columns, rows = a * x + b * y + c, d * x + e * y + f
    inside = (rows >= 0) & (rows < tf.cast(height, tf.float64))
    inside &= (columns >= 0) & (columns < tf.cast(width, tf.float64))
    rows = _in_steps(rows, height)
    columns = _in_steps(columns, width)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    total = 0
    for below in (0, 1):
        row = tf.clip_by_value(_whole_steps(rows) - 1 + below, 0, height - 1)
        vertical = _share(_rest(rows), below)
        for right in (0, 1):
            column = _whole_steps(columns) - 1 + right
            column = tf.clip_by_value(column, 0, width - 1)
            values = tf.gather(pixels, row * width + column)
            weights = vertical * _share(_rest(columns), right)
            total += weights[..., tf.newaxis] * tf.cast(values, tf.int32)
    total += STEPS * STEPS // 2
    mean = tf.cast(tf.bitwise.right_shift(total, 2 * STEP_BITS), tf.uint8)
    return tf.where(inside[..., tf.newaxis], mean, fill)


def bilinear_rows(image, matrix, fill):
    """`bilinear` of two neighbours, if all pixels stay in their rows.

    Ignores the entries d and f of the matrix; a and e are 1.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    channels = image.shape[-1]
    _, b, c, *_ = tf.unstack(matrix)
    whole, fraction, first, end = (
        each[:, tf.newaxis]
        for each in _split_moves(b * _centers(height) + c, width)
    )
    # Whole lines: an innermost dimension of 3 keeps a CPU from vectorizing.
    places = tf.repeat(tf.range(width), channels)
    values = tf.tile(tf.range(channels), (width,))
    values += tf.range(height)[:, tf.newaxis] * width * channels
    left, right = (
        values + tf.clip_by_value(each, 0, width - 1) * channels
        for each in (places + whole, places + whole + 1)
    )
    inside = (places >= first) & (places < end)
    fill = tf.tile(fill, (width,))
    flat = tf.reshape(image, (-1,))
    mean = _weigh_two(flat, left, right, fraction, inside, fill)
    return tf.reshape(mean, tf.shape(image))


def bilinear_columns(image, matrix, fill):
    """`bilinear` of two neighbours, if all pixels stay in their columns.

    Ignores the entries b and c of the matrix; a and e are 1.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    *_, d, _, f = tf.unstack(matrix)
    whole, fraction, first, end = _split_moves(d * _centers(width) + f, height)
    places = tf.range(height)[:, tf.newaxis]
    rows = places + whole
    upper, lower = (
        tf.clip_by_value(each, 0, height - 1) * width + tf.range(width)
        for each in (rows, rows + 1)
    )
    inside = (places >= first) & (places < end)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    return _weigh_two(
        pixels,
        upper,
        lower,
        fraction[:, tf.newaxis],
        inside[..., tf.newaxis],
        fill,
    )


def _centers(side):
    return tf.range(tf.cast(side, tf.float64), dtype=tf.float64) + 0.5


def _split_moves(moves, side):
    """Splits the moves of lines of `side` pixels, float64, into integers.

    Returns:
        int32: whole pixels; steps between two pixels; the first pixel of the
        result that lies inside the image, and the first one after the image.
    """
    side = tf.cast(side, tf.float64)
    moves = tf.clip_by_value(moves, -side - 1.0, side + 1.0)
    steps = tf.cast(tf.floor(moves * STEPS + 0.5), tf.int32)
    first, end = (
        tf.cast(tf.math.ceil(edge - 0.5 - moves), tf.int32)
        for edge in (0.0, side)
    )
    return _whole_steps(steps), _rest(steps), first, end


def _weigh_two(values, first, second, fraction, inside, fill):
    """Weighted means of two values each; `fill` outside the image."""
    one, other = (
        tf.cast(tf.gather(values, places), tf.int32)
        for places in (first, second)
    )
    total = (STEPS - fraction) * one + fraction * other + STEPS // 2
    mean = tf.cast(_whole_steps(total), tf.uint8)
    return tf.where(inside, mean, fill)


# Shifts and masks: compilers make slow code of a division that rounds down.
def _whole_steps(steps):
    return tf.bitwise.right_shift(steps, STEP_BITS)


def _rest(steps):
    return tf.bitwise.bitwise_and(steps, STEPS - 1)


def _in_steps(positions, side):
    """Steps from the center of the pixel before the first, int32 >= 0."""
    bounded = tf.clip_by_value(positions, 0.0, tf.cast(side, tf.float64))
    return tf.cast(tf.floor((bounded + 0.5) * STEPS + 0.5), tf.int32)


def _share(fraction, second):
    return fraction if second else STEPS - fraction

"""Rotation, translation, scale and shear: where each pixel comes from.

A matrix here is float64 (..., 6), (a, b, c, d, e, f), as Pillow's
`Image.transform` takes it: the point (x, y) of the result shows the point
(a x + b y + c, d x + e y + f) of the image. Points are counted from the upper
left corner of the image, so that pixel (0, 0) has its centre at (0.5, 0.5).
"""

import math

import tensorflow as tf

# Pillow's unit of position for nearest neighbours.
UNITS = 65536.0
# Weights of bilinear neighbours are multiples of 1 / 256: integers, which
# give the same bits on every processor.
STEPS = 256


def rotation(degrees, height, width):
    """Counterclockwise around the middle of the image."""
    angle = degrees * (math.pi / 180.0)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    return _around_middle(cosine, -sine, sine, cosine, height, width)


def shear_x(amount):
    """Pixels move to the left by `amount` for each row below the top."""
    return _of(a=1.0, b=amount, e=1.0)


def shear_y(amount):
    return _of(a=1.0, d=amount, e=1.0)


def translation(right, down):
    """Moves the image by whole or broken numbers of pixels."""
    return _of(a=1.0, c=-right, e=1.0, f=-down)


def combination(degrees, right, down, scale, shear_x, shear_y, height, width):
    """Shear, rotation and scale around the middle, then a translation.

    torchvision's rule for the way of points: sheared along x, then along y,
    turned clockwise, scaled, moved. Angles are in degrees; all arguments but
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


def _of(**entries):
    shape = tf.shape(sum(entries.values()))
    return tf.stack(
        [
            tf.broadcast_to(tf.cast(entries.get(key, 0.0), tf.float64), shape)
            for key in "abcdef"
        ],
        axis=-1,
    )


def nearest(image, matrix, fill):
    """The image (H, W, 3) seen through a matrix (6,), pixel for pixel.

    Equals Pillow. `fill`, uint8 (3,), shows where nothing of the image does.
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


def bilinear(image, matrix, fill):
    """As `nearest`, of four neighbours by their distance; within 1 of Pillow.

    Neighbours beyond the rim are those of the rim.
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
        row = tf.clip_by_value(rows // STEPS - 1 + below, 0, height - 1)
        vertical = _share(rows % STEPS, below)
        for right in (0, 1):
            column = columns // STEPS - 1 + right
            column = tf.clip_by_value(column, 0, width - 1)
            values = tf.gather(pixels, row * width + column)
            weights = vertical * _share(columns % STEPS, right)
            total += weights[..., tf.newaxis] * tf.cast(values, tf.int32)
    mean = tf.cast((total + STEPS * STEPS // 2) // (STEPS * STEPS), tf.uint8)
    return tf.where(inside[..., tf.newaxis], mean, fill)


def bilinear_rows(image, matrix, fill):
    """`bilinear` where all pixels stay in their rows: two neighbours do.

    The entries d and f of the matrix are not looked at, a and e are 1.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    _, b, c, *_ = tf.unstack(matrix)
    moves = b * _centres(height) + c
    whole, fraction = _whole_and_fraction(moves, width)
    # One more than a row has: each is a neighbour of two.
    columns = tf.range(width + 1) + whole[:, tf.newaxis]
    columns = tf.clip_by_value(columns, 0, width - 1)
    rows = tf.range(height)[:, tf.newaxis]
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    values = tf.cast(tf.gather(pixels, rows * width + columns), tf.int32)
    mean = _mean(values[:, :-1], values[:, 1:], fraction[:, tf.newaxis])
    positions = _centres(width) + moves[:, tf.newaxis]
    return _where_inside(positions, width, mean, fill)


def bilinear_columns(image, matrix, fill):
    """`bilinear` where all pixels stay in their columns: two neighbours do.

    The entries b and c of the matrix are not looked at, a and e are 1.
    """
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    *_, d, _, f = tf.unstack(matrix)
    moves = d * _centres(width) + f
    whole, fraction = _whole_and_fraction(moves, height)
    rows = tf.range(height + 1)[:, tf.newaxis] + whole
    rows = tf.clip_by_value(rows, 0, height - 1)
    pixels = tf.reshape(image, (-1, image.shape[-1]))
    places = rows * width + tf.range(width)
    values = tf.cast(tf.gather(pixels, places), tf.int32)
    mean = _mean(values[:-1], values[1:], fraction)
    positions = _centres(height)[:, tf.newaxis] + moves
    return _where_inside(positions, height, mean, fill)


def _centres(side):
    return tf.range(tf.cast(side, tf.float64), dtype=tf.float64) + 0.5


def _whole_and_fraction(moves, side):
    """Pixels and steps between two of them, int32."""
    far = tf.cast(side, tf.float64) + 1.0
    moves = tf.clip_by_value(moves, -far, far)
    steps = tf.cast(tf.floor(moves * STEPS + 0.5), tf.int32)
    return steps // STEPS, steps % STEPS


def _mean(first, second, fraction):
    fraction = fraction[..., tf.newaxis]
    total = (STEPS - fraction) * first + fraction * second
    return tf.cast((total + STEPS // 2) // STEPS, tf.uint8)


def _where_inside(positions, side, values, fill):
    inside = (positions >= 0) & (positions < tf.cast(side, tf.float64))
    return tf.where(inside[..., tf.newaxis], values, fill)


def _in_steps(positions, side):
    """Positions from the centre of the pixel before the first, int32 >= 0."""
    bounded = tf.clip_by_value(positions, 0.0, tf.cast(side, tf.float64))
    return tf.cast(tf.floor((bounded + 0.5) * STEPS + 0.5), tf.int32)


def _share(fraction, second):
    return fraction if second else STEPS - fraction

"""Fine-grained saliency: OpenCV's detector, and the same map in TensorFlow."""

import numpy as np
import tensorflow as tf

NEIGHBOURHOODS = (12, 24, 28, 48, 56, 112)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def fine_grained_saliency(images):
    """OpenCV's fine-grained saliency, bit for bit, in TensorFlow alone."""
    images = _checked(images, "fine_grained_saliency")
    if images.shape.rank == 3:
        return fine_grained_saliency(images[tf.newaxis])[0]
    height, width = images.shape[1:3]
    if height is None or width is None:
        raise ValueError(
            "fine_grained_saliency expects a static height and width. "
            f"Received: {images.shape}. Use tf.ensure_shape or set_shape."
        )
    gray = _blur(_blur(_gray(_to_bytes(images))))
    integral = tf.cumsum(tf.cumsum(gray, axis=2), axis=1)
    integral = tf.pad(integral, [[0, 0], [1, 0], [1, 0]])
    on = off = tf.zeros_like(gray)
    for reach in NEIGHBOURHOODS:
        sums = _window(_window(integral, 1, height, reach), 2, width, reach)
        counts = _window_size(height, reach)[:, np.newaxis]
        counts = counts * _window_size(width, reach)
        difference = gray * tf.constant(counts, tf.float32) - sums
        inverse = tf.constant(1.0 / (counts - 1), tf.float32)
        on += tf.floor((tf.maximum(difference, 0.0) + 0.5) * inverse)
        off += tf.floor((tf.maximum(-difference, 0.0) + 0.5) * inverse)
    return tf.cast(_to_maximum_255(on) + _to_maximum_255(off), tf.uint8)


def opencv_saliency(images):
    """The same map through tf.numpy_function and OpenCV."""
    images = _checked(images, "opencv_saliency")
    detector = _opencv_detector()

    def maps(batch):
        return _detect(detector, np.ascontiguousarray(batch[..., ::-1]))

    return _through_numpy(maps, _to_bytes(images))


def opencv_float_saliency(images):
    """What the official SaliencyMix code gets from OpenCV."""
    images = _checked(images, "opencv_float_saliency")
    detector = _opencv_detector()

    def maps(batch):
        batch = batch.astype(np.float32) / np.float32(255.0)
        batch = (batch - np.float32(IMAGENET_MEAN)) / np.float32(IMAGENET_STD)
        return _detect(detector, batch)

    return _through_numpy(maps, images)


def _checked(images, name):
    images = tf.convert_to_tensor(images)
    if images.shape.rank not in (3, 4) or images.shape[-1] != 3:
        raise ValueError(
            f"{name} expects images of shape (batch, height, width, 3) or "
            f"(height, width, 3). Received: {images.shape}."
        )
    if images.dtype != tf.uint8 and not images.dtype.is_floating:
        raise ValueError(
            f"{name} expects images as uint8, or float in [0, 255]. "
            f"Received: {images.dtype.name}. Cast them first."
        )
    return images


def _to_bytes(images):
    if images.dtype == tf.uint8:
        return images
    images = tf.clip_by_value(tf.cast(images, tf.float32), 0.0, 255.0)
    return tf.cast(tf.round(images), tf.uint8)


def _gray(images):
    red, green, blue = tf.unstack(tf.cast(images, tf.float32), axis=-1)
    weighted = 9798.0 * red + 19235.0 * green + 3735.0 * blue
    return tf.floor((weighted + 2.0**14) * 2.0**-15)


def _blur(gray):
    padded = tf.pad(gray, [[0, 0], [1, 1], [1, 1]], mode="REFLECT")
    rows = padded[:, :-2] + 2.0 * padded[:, 1:-1] + padded[:, 2:]
    sums = rows[:, :, :-2] + 2.0 * rows[:, :, 1:-1] + rows[:, :, 2:]
    return tf.floor((sums + 8.0) * 2.0**-4)


def _window(integral, axis, size, reach):
    """Differences of `integral` over windows [i - reach + 1, i + reach + 1)."""
    reach = min(reach, size)

    def part(start, stop, times=1):
        start = [0, 0, 0][:axis] + [start] + [0] * (2 - axis)
        index = [slice(None)] * 3
        index[axis] = slice(start[axis], stop)
        piece = integral[tuple(index)]
        multiples = [1, 1, 1]
        multiples[axis] = times
        return tf.tile(piece, multiples) if times != 1 else piece

    upper = tf.concat(
        [part(reach + 1, size + 1), part(size, size + 1, reach)], axis
    )
    lower = tf.concat([part(0, 1, reach - 1), part(0, size - reach + 1)], axis)
    return upper - lower


def _window_size(size, reach):
    index = np.arange(size)
    return np.minimum(index + reach + 1, size) - np.maximum(
        index - reach + 1, 0
    )


def _to_maximum_255(sums):
    maximum = tf.reduce_max(sums, axis=(1, 2), keepdims=True)
    ratio = sums / tf.maximum(maximum, 1.0)
    return tf.cast(255.0 * tf.cast(ratio, tf.float64), tf.int32)


def _opencv_detector():
    try:
        import cv2

        return cv2.saliency.StaticSaliencyFineGrained_create
    except (ImportError, AttributeError) as error:
        raise ImportError(
            "Saliency through OpenCV needs cv2.saliency, which is in the "
            "package opencv-contrib-python-headless: pip install "
            "opencv-contrib-python-headless (it replaces opencv-python)."
        ) from error


def _detect(detector, images):
    """The maps, uint8 (B, H, W), of a contiguous batch (B, H, W, 3)."""
    maps = np.empty(images.shape[:3], np.uint8)
    for image, result in zip(images, maps, strict=True):
        success, found = detector().computeSaliency(image)
        if not success:
            raise RuntimeError("OpenCV's saliency detector failed.")
        # OpenCV 5 returns multiples of 1/255 as float, OpenCV 4 the integers.
        result[:] = np.rint(found * 255) if found.dtype.kind == "f" else found
    return maps


def _through_numpy(function, images):
    if images.shape.rank == 3:
        return _through_numpy(function, images[tf.newaxis])[0]
    maps = tf.numpy_function(function, [images], tf.uint8, stateful=False)
    maps.set_shape(images.shape[:3])
    return maps

"""Fine-grained saliency through OpenCV, on the host, one image at a time."""

import numpy as np
import tensorflow as tf

from augment_tf.ops.arguments import check_images
from augment_tf.ops.saliency import to_uint8

# Channels of ImageNet's pixels, scaled to [0, 1].
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def opencv_saliency(images):
    """The maps of `augment_tf.fine_grained_saliency`, computed by OpenCV.

    The reference that the TensorFlow version is tested against, and slower.
    OpenCV runs on the host, so this works eagerly, in `tf.data` and in
    functions that XLA does not compile. It goes through `tf.numpy_function`
    with `stateful=False`, not `tf.py_function`, whose state makes `tf.data`
    run its map one batch at a time under op determinism.

    Args:
        images: RGB in [0, 255]; all but uint8 is clipped and rounded first;
            (batch, height, width, 3), or one image (height, width, 3).

    Returns:
        uint8 maps, (batch, height, width), or (height, width) for one image.

    Raises:
        ValueError: if the shape or the dtype is wrong.
        ImportError: without the package opencv-contrib-python-headless.

    Example:

    >>> import augment_tf
    >>> import numpy as np
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3))
    >>> images = images.astype(np.uint8)
    >>> ours = augment_tf.fine_grained_saliency(images)
    >>> bool(np.array_equal(ours, augment_tf.opencv_saliency(images)))
    True
    """
    images = check_images(images, "opencv_saliency")
    create_detector = _import_detector()

    def maps(batch):
        # OpenCV takes BGR, as rows without gaps.
        return _detect(create_detector, np.ascontiguousarray(batch[..., ::-1]))

    return _through_numpy(maps, to_uint8(images))


def opencv_float_saliency(images):
    """The maps that the official SaliencyMix code gets from OpenCV.

    That code hands OpenCV the image as the network sees it: float32, RGB,
    normalized with the mean and the standard deviation of ImageNet. OpenCV
    averages the floats, but reads the bytes of the floats as uint8 for the
    pixel in the middle. The maps have next to nothing to do with the image.
    This function makes it possible to study the effect.

    uint8 images become exactly the floats of that code, and give its maps.
    For images whose colors were changed before, only the distribution of the
    maps is the same: the last bits of a float depend on the order of the
    computations, and they count as much as the first bits.

    Args:
        images: as for `opencv_saliency`. They are normalized here; floats
            are neither clipped nor rounded.

    Returns, Raises:
        As `opencv_saliency`.
    """
    images = check_images(images, "opencv_float_saliency")
    create_detector = _import_detector()

    mean, std = np.float32(IMAGENET_MEAN), np.float32(IMAGENET_STD)

    def maps(batch):
        scaled = batch.astype(np.float32) / np.float32(255.0)
        return _detect(create_detector, (scaled - mean) / std)

    return _through_numpy(maps, images)


def _import_detector():
    try:
        import cv2

        return cv2.saliency.StaticSaliencyFineGrained_create
    except (ImportError, AttributeError) as error:
        raise ImportError(
            "OpenCV's saliency needs the package "
            "opencv-contrib-python-headless, which replaces every other "
            "opencv-python package: pip uninstall those, then pip install "
            "opencv-contrib-python-headless. saliency='fine_grained' gives "
            "the same maps without it."
        ) from error


def _detect(create_detector, images):
    """The maps, uint8 (B, H, W), of contiguous images (B, H, W, 3)."""
    maps = np.empty(images.shape[:3], np.uint8)
    detector = create_detector()
    for image, result in zip(images, maps, strict=True):
        success, found = detector.computeSaliency(image)
        if not success:
            raise RuntimeError(
                "OpenCV's StaticSaliencyFineGrained failed on an image of "
                f"shape {image.shape} and dtype {image.dtype}."
            )
        # float32 multiples of 1/255, from OpenCV 4.11 as from 5.0.
        result[:] = np.rint(found * 255)
    return maps


def _through_numpy(function, images):
    if images.shape.rank == 3:
        return _through_numpy(function, images[tf.newaxis])[0]
    maps = tf.numpy_function(
        function,
        [images],
        tf.uint8,
        stateful=False,
        # XLA refuses the operation and quotes this name.
        name="opencv_saliency_runs_on_the_host_and_XLA_cannot_compile_it",
    )
    maps.set_shape(images.shape[:3])
    return maps

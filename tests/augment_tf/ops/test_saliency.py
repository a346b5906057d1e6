"""The saliency maps against OpenCV's own, bit for bit."""

import builtins
import doctest
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import augment_tf
from augment_tf.ops import saliency, saliency_opencv

SIZES = [
    (8, 8),
    (8, 9),
    (11, 12),
    (13, 25),
    (16, 16),
    (33, 17),
    (64, 64),
    (8, 200),
    (113, 57),
    (225, 112),
    (224, 224),
    (257, 257),
    (320, 480),
    (512, 512),
]


def detect(images):
    """OpenCV on the BGR copy of each image, not through our code."""
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "saliency"):
        pytest.skip("cv2 has no saliency: not opencv-contrib-python-headless")
    detector = cv2.saliency.StaticSaliencyFineGrained_create()
    maps = []
    for image in images:
        success, found = detector.computeSaliency(image[..., ::-1].copy())
        assert success
        maps.append(np.rint(found * 255).astype(np.uint8))
    return np.stack(maps)


def gray_image(values):
    values = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return np.repeat(values[..., np.newaxis], 3, axis=-1)


def drawn_images(height, width):
    """Noise, flat, smooth and sharp images of one size."""
    generator = np.random.default_rng(height * 1000 + width)
    noise = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    y, x = np.mgrid[:height, :width]
    point = np.zeros((height, width))
    point[height // 3, width // 2] = 255
    corner = np.full((height, width), 255)
    corner[: height // 2, : width // 2] = 0
    gradient = np.stack((y * 255 // height, x * 255 // width, x + y), -1)
    return np.stack(
        [
            noise,
            noise // 5 + np.uint8(204),
            np.full((height, width, 3), 255, np.uint8),
            np.zeros((height, width, 3), np.uint8),
            gradient.astype(np.uint8),
            gray_image((x + y) * 255 / (height + width)),
            gray_image((x // 3 + y // 3) % 2 * 255),
            gray_image((x + y) % 2 * 255),
            gray_image(point),
            gray_image(255 - point),
            gray_image(corner),
        ]
    )


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_maps_equal_opencv(height, width):
    images = drawn_images(height, width)
    maps = augment_tf.fine_grained_saliency(images)
    assert maps.dtype == tf.uint8
    np.testing.assert_array_equal(maps, detect(images))


def test_compiled_maps_equal_opencv():
    # A pipeline, as below, compiles small ones.
    images = drawn_images(300, 257)
    compiled = tf.function(augment_tf.fine_grained_saliency, jit_compile=True)
    np.testing.assert_array_equal(compiled(images), detect(images))


def test_maps_in_a_pipeline_equal_opencv():
    images = drawn_images(40, 24)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(4)
    dataset = dataset.map(augment_tf.fine_grained_saliency)
    assert dataset.element_spec.shape.as_list() == [None, 40, 24]
    maps = np.concatenate(list(dataset.as_numpy_iterator()))
    np.testing.assert_array_equal(maps, detect(images))


@pytest.mark.parametrize("bump", [2, 3, 4])
def test_sums_above_255_wrap_as_in_opencv(bump):
    # A bump in a shallow pit stands out both from its near surroundings,
    # which are darker, and from the far ones, which are brighter.
    y, x = np.mgrid[:250, :250]
    distance = np.hypot(y - 125, x - 125)
    values = np.rint(100 + 0.04 * np.minimum(distance, 120))
    values[distance <= 3] = 100 + bump
    images = gray_image(values)[np.newaxis]
    maps = augment_tf.fine_grained_saliency(images)
    np.testing.assert_array_equal(maps, detect(images))


def test_flat_images_have_maps_of_zeros():
    images = np.stack([np.full((20, 30, 3), value) for value in (0, 7, 255)])
    maps = augment_tf.fine_grained_saliency(images.astype(np.uint8))
    assert not np.any(maps)


def test_real_images_equal_opencv(data_dir):
    path = data_dir / "tiny-imagenet-mini.zip"
    if not path.is_file():
        pytest.skip(f"no real images: {path} does not exist")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("JPEG")]
        images = np.stack(
            [
                tf.io.decode_jpeg(archive.read(name), channels=3)
                for name in sorted(names)[:500]
            ]
        )
    assert len(images) == 500
    maps = augment_tf.fine_grained_saliency(images)
    np.testing.assert_array_equal(maps, detect(images))


def test_floats_are_clipped_and_rounded_first():
    generator = np.random.default_rng(0)
    images = generator.uniform(-80, 330, (3, 24, 32, 3)).astype(np.float32)
    images[0, 0, 0] = (0.5, 1.5, 254.5)
    rounded = np.rint(np.clip(images, 0, 255)).astype(np.uint8)
    for function in (
        augment_tf.fine_grained_saliency,
        augment_tf.opencv_saliency,
    ):
        np.testing.assert_array_equal(function(images), detect(rounded))
        np.testing.assert_array_equal(
            function(images.astype(np.float64)), detect(rounded)
        )


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    "divisor", [143, 8191, 12543, 16447, 16449, 36863, 50175]
)
def test_quotients_are_exact_where_rounding_is_hardest(divisor, jit_compile):
    multiples = np.arange(256) * divisor
    near = [multiples - 1, multiples, multiples + 1, multiples + divisor // 2]
    near = np.concatenate(near)
    near = near[(near >= 0) & (near <= 255 * divisor)]
    function = tf.function(
        lambda values: saliency._quotient(values, np.full((1, 1), divisor)),
        jit_compile=jit_compile,
        autograph=False,
    )
    found = function(tf.constant(near[np.newaxis], tf.float32))[0]
    np.testing.assert_array_equal(found, near // divisor)


def test_opencv_saliency_equals_opencv_in_and_outside_of_pipelines():
    images = drawn_images(31, 45)
    expected = detect(images)
    assert np.array_equal(augment_tf.opencv_saliency(images), expected)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(4)
    dataset = dataset.map(augment_tf.opencv_saliency, num_parallel_calls=2)
    assert dataset.element_spec.shape.as_list() == [None, 31, 45]
    maps = np.concatenate(list(dataset.as_numpy_iterator()))
    np.testing.assert_array_equal(maps, expected)


def test_opencv_float_saliency_is_what_the_official_code_computes():
    cv2 = pytest.importorskip("cv2")
    images = drawn_images(32, 40)[:2]
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    for image, found in zip(
        images, saliency_opencv.opencv_float_saliency(images), strict=True
    ):
        # ToTensor, Normalize, then the official saliency_bbox.
        tensor = image.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
        for channel in range(3):
            tensor[channel] -= np.float32(mean[channel])
            tensor[channel] /= np.float32(deviation[channel])
        detector = cv2.saliency.StaticSaliencyFineGrained_create()
        _, expected = detector.computeSaliency(tensor.transpose(1, 2, 0))
        expected = (expected * 255).astype("uint8")
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "function",
    [
        augment_tf.fine_grained_saliency,
        augment_tf.opencv_saliency,
        saliency_opencv.opencv_float_saliency,
    ],
)
def test_one_image_is_a_batch_of_one(function):
    image = drawn_images(16, 24)[0]
    single = function(image)
    assert single.shape == (16, 24)
    np.testing.assert_array_equal(single, function(image[np.newaxis])[0])


@pytest.mark.parametrize(
    "function", [augment_tf.fine_grained_saliency, augment_tf.opencv_saliency]
)
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((16, 16), np.uint8), r"\(height, width, 3\)"),
        (np.zeros((1, 16, 16, 1), np.uint8), r"Received: \(1, 16, 16, 1\)"),
        (np.zeros((1, 16, 16, 3), bool), "Received: bool"),
    ],
)
def test_wrong_images_are_refused(function, images, message):
    with pytest.raises(ValueError, match=message):
        function(images)


def test_unknown_and_tiny_sides_are_refused():
    with pytest.raises(ValueError, match="tf.ensure_shape"):
        tf.function(augment_tf.fine_grained_saliency).get_concrete_function(
            tf.TensorSpec((None, None, 32, 3), tf.uint8)
        )
    with pytest.raises(ValueError, match="at least 3"):
        augment_tf.fine_grained_saliency(np.zeros((1, 2, 8, 3), np.uint8))


def test_opencv_cannot_be_compiled_and_the_error_says_so():
    compiled = tf.function(augment_tf.opencv_saliency, jit_compile=True)
    message = "opencv_saliency_runs_on_the_host_and_XLA_cannot_compile_it"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        compiled(np.zeros((1, 16, 16, 3), np.uint8))


def test_missing_opencv_names_the_package(monkeypatch):
    real_import = builtins.__import__

    def without_opencv(name, *arguments, **options):
        if name == "cv2":
            raise ImportError("No module named 'cv2'")
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_opencv)
    with pytest.raises(ImportError, match="opencv-contrib-python-headless"):
        augment_tf.opencv_saliency(np.zeros((1, 16, 16, 3), np.uint8))


# Prints the growth of the peak of memory in MiB, images and maps included. The
# peak is the kernel's: getrusage starts with the peak of the parent process.
MEMORY = """
import re
import augment_tf
import tensorflow as tf

def compute(batch_size):
    shape = (batch_size, 224, 224, 3)
    images = tf.data.Dataset.range(1).map(
        lambda seed: tf.cast(
            tf.random.stateless_uniform(shape, (seed, seed), 0, 256, tf.int32),
            tf.uint8,
        )
    )
    for maps in images.map(augment_tf.fine_grained_saliency):
        assert maps.shape == shape[:3]
    status = open('/proc/self/status').read()
    return int(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])

before = compute(1)
print((compute(256) - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc of Linux")
def test_a_large_batch_stays_below_two_gibibytes():
    result = subprocess.run(
        [sys.executable, "-c", MEMORY],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert 100 < int(result.stdout) < 2048


@pytest.mark.parametrize("module", [saliency, saliency_opencv])
def test_examples_run(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0

"""Matrices of rotations and the like, against the rule they follow."""

import numpy as np
import pytest

from augment_tf.ops import affine

HEIGHT, WIDTH = 40, 56


def entries(matrix):
    return np.concatenate([np.array(matrix).reshape(2, 3), [[0, 0, 1]]])


def around_middle(linear, right=0.0, down=0.0):
    """Maps points linearly around the middle of the image, then shifts them."""
    to_middle = np.array([[1, 0, -WIDTH / 2], [0, 1, -HEIGHT / 2], [0, 0, 1]])
    back = np.array(
        [[1, 0, WIDTH / 2 + right], [0, 1, HEIGHT / 2 + down], [0, 0, 1]]
    )
    full = np.eye(3)
    full[:2, :2] = linear
    return back @ full @ to_middle


def turned(angle):
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


@pytest.mark.parametrize("degrees", [0.0, 30.0, -90.0, 135.0])
def test_rotation_is_counterclockwise_around_the_middle(degrees):
    # y points downwards: counterclockwise is a negative angle.
    forward = around_middle(turned(-np.radians(degrees)))
    matrix = entries(affine.rotation(np.float64(degrees), HEIGHT, WIDTH))
    np.testing.assert_allclose(matrix, np.linalg.inv(forward), atol=1e-12)


def test_a_combination_shears_turns_scales_and_shifts():
    degrees, right, down, scale, x, y = 20.0, 3.0, -5.5, 1.3, 12.0, -7.0
    tan_x, tan_y = np.tan(np.radians((x, y)))
    # Matrices apply from right to left: the shear along x comes first.
    shear = np.array([[1, 0], [-tan_y, 1]]) @ np.array([[1, -tan_x], [0, 1]])
    linear = scale * turned(np.radians(degrees)) @ shear
    forward = around_middle(linear, right, down)
    matrix = affine.combination(
        *np.float64([[degrees], [right], [down], [scale], [x], [y]]),
        HEIGHT,
        WIDTH,
    )
    np.testing.assert_allclose(
        entries(matrix[0]), np.linalg.inv(forward), atol=1e-12
    )


def test_shifts_and_shears():
    def values(matrix):
        return np.array(matrix).tolist()

    amount = np.float64(0.3)
    shift = affine.translation(np.float64(2), np.float64(-3))
    assert values(shift) == [1, 0, -2, 0, 1, 3]
    assert values(affine.shear_x(amount)) == [1, 0.3, 0, 0, 1, 0]
    assert values(affine.shear_y(amount)) == [1, 0, 0, 0.3, 1, 0]

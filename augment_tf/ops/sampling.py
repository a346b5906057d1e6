"""Random draws that are the same bits on the host and under XLA.

TensorFlow's float samplers give other numbers once XLA compiles them, and its
gamma and shuffle samplers do not compile at all; full-range Philox integers
are equal everywhere. Every draw here is therefore made from such integers.

Draws are float64: a value that decides a pixel position is rounded to an
integer later, and the last bit of a float32 differs between compilers often
enough to move a box now and then.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from augment_tf.ops.compiling import round_first


# Keras's generator reads its state and then writes it. Between the two another
# thread may read the same state: calls in a parallel `Dataset.map` would share
# seeds. RngReadAndSkip does both at once.
class SeedCounter(keras.random.SeedGenerator):
    """Seeds (seed, 0), (seed, 1) and so on; no two calls get the same one.

    Args:
        seed: Integer; hashed if it has more than 32 bits.
    """

    def __init__(self, seed):
        seed = to_32_bits(seed)
        # PyTorch's state has 31 bits for a seed; none is used below.
        super().__init__(seed % 2**31)
        # A Philox state: a counter of two numbers, and a key.
        state = np.array((0, 0, seed), np.int64)
        if keras.backend.backend() == "tensorflow":
            self.state = keras.Variable(
                state,
                dtype="int64",
                trainable=False,
                aggregation="none",
                name="seed_counter",
            )
        else:
            # Outside of any graph that the layer is created in.
            with tf.init_scope():
                self._state_of_tf = tf.Variable(state, trainable=False)

    def next(self, ordered=True):
        """The next seed, int32 (2,)."""
        on_tf = keras.backend.backend() == "tensorflow"
        state = tf.raw_ops.RngReadAndSkip(
            resource=_local_handle(
                self.state.value if on_tf else self._state_of_tf
            ),
            alg=1,
            delta=tf.constant(1, tf.uint64),
        )
        # Each step of the counter is 256.
        calls = tf.bitwise.right_shift(state[0], 8)
        return tf.cast(tf.stack((state[2], calls)), tf.int32)


def _local_handle(variable):
    if tf.distribute.in_cross_replica_context():
        strategy = tf.distribute.get_strategy()
        variable = strategy.experimental_local_results(variable)[0]
    return variable.handle


def to_32_bits(seed):
    """Hashes an integer seed to 32 bits; one that fits stays as it is.

    If seeds were cut to 32 bits, 2**32 + 1 would draw the same as 1.

    >>> from augment_tf.ops.sampling import to_32_bits
    >>> to_32_bits(2**32 - 1) == 2**32 - 1, to_32_bits(2**63 - 1)
    (True, 3783210669)
    """
    if -(2**31) <= seed < 2**32:
        return seed
    high = np.array([to_32_bits(seed >> 32) % 2**32], np.uint32)
    return seed % 2**32 ^ int(_scramble(high)[0])


def tensor_to_32_bits(seed):
    """`to_32_bits` of a tensor, as int32 of the same bits."""
    if seed.dtype.size <= 4:
        return tf.cast(seed, tf.int32)
    low = tf.cast(seed, tf.uint32)
    high = tf.bitwise.right_shift(seed, tf.constant(32, seed.dtype))
    high = tf.cast(high, tf.uint32)
    hashed = low ^ _scramble(high)
    fits = seed < tf.constant(2**32, seed.dtype)
    if seed.dtype == tf.int64:
        fits &= seed >= -(2**31)
    return tf.bitcast(tf.where(fits, low, hashed), tf.int32)


def _scramble(words):
    """The last steps of MurmurHash3, for uint32 in a tensor or an array."""
    for factor in (0x85EBCA6B, 0xC2B2AE35):
        words = (words ^ words // 2**16) * factor
    return words ^ words // 2**16


def split(seed, count):
    """Returns `count` independent seeds, a list of int32 tensors (2,)."""
    return tf.unstack(tf.random.split(seed, count, alg="philox"), num=count)


def replica_seed(seed, replica):
    """Each replica's own part of a batch's random stream.

    Replica 0 keeps the seed itself, so that one device draws the same as the
    host.

    Args:
        seed: int32 (2,), the same on all replicas.
        replica: Integer, `replica_id_in_sync_group`.
    """
    folded = tf.random.fold_in(seed, replica, alg="philox")
    return tf.where(tf.equal(replica, 0), seed, folded)


def bits(seed, shape):
    """Uniform int32 over the full range, of shape `shape`."""
    return tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
    )


def uniform(seed, shape, minval=0.0, maxval=1.0):
    """Uniform float64 in [minval, maxval), on a grid of 2**-32."""
    unit = (tf.cast(bits(seed, shape), tf.float64) + 2.0**31) * 2.0**-32
    return minval + round_first((maxval - minval) * unit)


def bernoulli(seed, shape, probability):
    """True with the given probability; never at 0.0, always at 1.0."""
    return uniform(seed, shape) < probability


def integers(seed, shape, bound):
    """Uniform int32 in [0, bound); `bound` broadcasts against `shape`."""
    return tf.cast(uniform(seed, shape) * tf.cast(bound, tf.float64), tf.int32)


def bytes(seed, shape):
    """Uniform uint8 on 0..255; `shape` is an int32 tensor."""
    count = tf.reduce_prod(shape)
    # Four bytes from each integer: drawing is most of the cost of noise.
    drawn = tf.bitcast(bits(seed, ((count + 3) // 4,)), tf.uint8)
    return tf.reshape(tf.reshape(drawn, (-1,))[:count], shape)


def normal(seed, shape):
    """Standard normal float64, by Box and Muller's transform."""
    radius_seed, angle_seed = split(seed, 2)
    # 1 - u lies in (0, 1]: its logarithm is finite.
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - uniform(radius_seed, shape)))
    return radius * tf.cos(uniform(angle_seed, shape, 0.0, 2.0 * math.pi))


def permutation(seed, size):
    """A uniformly drawn permutation of range(size), int32 (size,)."""
    return tf.argsort(bits(seed, (size,)), stable=True)


def beta(seed, shape, alpha):
    """Beta(alpha, alpha), float64 in [0, 1]; `alpha` is a Python number.

    Exact, with two uniform draws and no rejection: Bailey's polar method
    gives a Student variate T with 2 alpha degrees of freedom, and
    (1 + T / sqrt(2 alpha + T**2)) / 2 is Beta(alpha, alpha).
    References: Bailey, Mathematics of Computation 62 (1994); Devroye, Random
    variate generation in one line of code (1996).
    """
    if alpha == 1:
        return uniform(seed, shape)
    radius_seed, angle_seed = split(seed, 2)
    # 1 - u lies in (0, 1]. A tiny alpha makes the exponential infinite, which
    # the reciprocals below turn into a draw of exactly 0 or 1.
    radius = tf.math.expm1(
        -tf.math.log(1.0 - uniform(radius_seed, shape)) / alpha
    )
    cosine = tf.cos(uniform(angle_seed, shape, 0.0, 2.0 * math.pi))
    ratio = radius * cosine**2
    # The half near 0 without the cancellation of 1 - sqrt(...).
    near_zero = 0.5 / (1.0 + ratio) / (1.0 + tf.sqrt(1.0 / (1.0 + 1.0 / ratio)))
    return tf.where(cosine < 0.0, near_zero, 1.0 - near_zero)


def dirichlet(seed, shape, size, alpha):
    """Dirichlet(alpha, ..., alpha), float64 (*shape, size), each adding to 1.

    Normalized gamma draws, in logarithms: with a small alpha all of them may
    be too small for a float64.
    """
    return tf.nn.softmax(_log_gamma_draws(seed, (*shape, size), alpha))


def _log_gamma_draws(seed, shape, alpha):
    """Logarithms of draws from Gamma(alpha, 1), float64.

    Marsaglia and Tsang's method for Gamma(alpha + 1, 1), times u**(1/alpha).
    At least 95 % of its proposals are accepted; the first that is accepted
    among 16 is taken, and only one draw in 10**20 has none.
    Reference: ACM Transactions on Mathematical Software 26 (2000).
    """
    normal_seed, uniform_seed, boost_seed = split(seed, 3)
    tries = (16, *shape)
    third = alpha + 1.0 - 1.0 / 3.0
    drawn = normal(normal_seed, tries)
    cubed = (1.0 + drawn / math.sqrt(9.0 * third)) ** 3
    logarithm = tf.math.log(tf.maximum(cubed, 1e-300))
    bound = 0.5 * drawn**2 + third * (1.0 - cubed + logarithm)
    accepted = tf.math.log(1.0 - uniform(uniform_seed, tries)) < bound
    accepted &= cubed > 0.0
    first = tf.argmax(accepted, axis=0, output_type=tf.int32)
    chosen = tf.one_hot(first, tries[0], axis=0, dtype=tf.float64)
    logarithm = tf.reduce_sum(chosen * logarithm, axis=0) + math.log(third)
    boost = tf.math.log(1.0 - uniform(boost_seed, shape))
    return logarithm + boost / alpha

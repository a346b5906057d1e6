"""Keras's requirements of a layer."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import augment_tf


def described(structure):
    """Shapes and dtypes, of tensors or of what stands for them."""
    return tf.nest.map_structure(
        lambda tensor: (
            tuple(tensor.shape),
            keras.backend.standardize_dtype(tensor.dtype),
        ),
        structure,
    )


def symbolic(structure):
    return tf.nest.map_structure(
        lambda tensor: keras.KerasTensor(
            tensor.shape, keras.backend.standardize_dtype(tensor.dtype)
        ),
        structure,
    )


def check_symbolic_outputs(layer, inputs, training):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # One image has no partner.
        outputs = layer(inputs, training=training)
        symbols = layer(symbolic(inputs), training=training)
    assert described(symbols) == described(outputs)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_symbolic_outputs_have_the_dtype_of_the_real_ones(layer, batch, dtype):
    images = tf.cast(batch["images"], dtype)
    check_symbolic_outputs(layer, {**batch, "images": images}, True)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("given", ["batch", "one image"])
def test_symbolic_outputs_have_the_form_of_the_real_ones(
    layer, batch, given, training
):
    if given == "one image":
        batch = tf.nest.map_structure(lambda tensor: tensor[0], batch)
    images, labels = batch["images"], batch["labels"]
    check_symbolic_outputs(layer, batch, training)
    if not (training and layer.mixes_labels):
        classes = tf.argmax(labels, axis=-1)
        check_symbolic_outputs(layer, images, training)
        check_symbolic_outputs(
            layer, {"images": images, "labels": classes}, training
        )


def test_mixing_layers_refuse_symbols_as_they_refuse_tensors(batch):
    layer = augment_tf.CutMix()
    with pytest.raises(ValueError, match="no labels"):
        layer(symbolic(batch["images"]))
    classes = {**batch, "labels": tf.argmax(batch["labels"], axis=-1)}
    with pytest.raises(ValueError, match="one_hot"):
        layer(symbolic(classes))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (keras.Input((8, 8, 3)), "cutmix mixes labels with images"),
        (np.zeros((2, 8, 8, 3), np.float32), "cutmix mixes labels with images"),
        (
            [keras.Input((8, 8, 3)), keras.Input((5,))],
            "cutmix expects .* tuple",
        ),
    ],
)
def test_errors_begin_with_the_layers_own_sentence(inputs, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        augment_tf.CutMix(name="cutmix")(inputs)


def functional_model(layer, dtype):
    inputs = {
        "images": keras.Input((40, 24, 3), dtype=dtype, name="images"),
        "labels": keras.Input((5,), name="labels"),
    }
    augmented = layer(inputs)
    hidden = keras.layers.Conv2D(2, 3)(augmented["images"])
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    logits = keras.layers.Dense(5, name="logits")(hidden)
    return keras.Model(inputs, {**augmented, "logits": logits})


def test_a_functional_model_is_saved_loaded_and_fitted(
    layer, batch, make_another, tmp_path
):
    dtype = "float32" if layer.mixes_labels else "uint8"
    model = functional_model(make_another(layer, seed=11), dtype)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    batch = {**batch, "images": tf.cast(batch["images"], dtype)}
    outputs = model(batch, training=True)
    for name, output in outputs.items():
        assert model.output[name].shape[1:] == output.shape[1:]
        assert model.output[name].dtype == output.dtype.name
    tf.nest.map_structure(
        np.testing.assert_array_equal, loaded(batch, training=True), outputs
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    loaded.compile(loss={"logits": loss})
    loaded.fit(batch, {"logits": batch["labels"]}, verbose=0)
    assert np.isfinite(loaded.predict(batch, verbose=0)["logits"]).all()


def test_inference_leaves_images_alone(layer, batch):
    result = layer(batch, training=False)
    assert np.array_equal(result["labels"], batch["labels"])
    if result["images"].shape == batch["images"].shape:
        assert np.array_equal(result["images"], batch["images"])
    else:
        assert result["images"].shape == layer.compute_output_shape(
            batch["images"].shape
        )


def test_inference_adds_no_operations(layer):
    def infer(images):
        return layer(images, training=False)

    traced = tf.function(infer).get_concrete_function(
        tf.TensorSpec((None, 40, 24, 3), tf.float32)
    )
    kinds = {operation.type for operation in traced.graph.get_operations()}
    if type(layer).__name__ == "RandomResizedCrop":
        # It resizes. TFLite lacks the one, ONNX the other.
        assert not kinds & {"ClipByValue", "PartitionedCall"}
    else:
        assert kinds <= {"Placeholder", "Identity", "NoOp"}


@pytest.fixture
def model_of_all_layers(make_all):
    """All layers at inference; the one that resizes comes last."""
    inputs = outputs = keras.Input((40, 24, 3))
    for layer in sorted(make_all(), key=lambda layer: hasattr(layer, "size")):
        outputs = layer(outputs, training=False)
    outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    return keras.Model(inputs, outputs)


def test_models_with_all_layers_are_exported(
    model_of_all_layers, images, tmp_path
):
    images = images.astype(np.float32)
    expected = model_of_all_layers(images)
    model_of_all_layers.export(tmp_path / "saved", verbose=False)
    saved = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(saved.serve(images), expected, rtol=1e-5)
    # TFLite computes in float32 alone: weights for resizing are constants,
    # which needs a batch of known size.
    traced = tf.function(model_of_all_layers).get_concrete_function(
        tf.TensorSpec(images.shape)
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced], model_of_all_layers
    )
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    interpreter.set_tensor(given["index"], images)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_inference_needs_no_labels(layer, batch):
    expected = layer(batch, training=False)["images"]
    result = layer(batch["images"], training=False)
    assert np.array_equal(result, expected)
    assert list(layer({"images": batch["images"]}, training=False)) == [
        "images"
    ]
    for labels in (np.arange(8), np.zeros((3, 2), np.float16)):
        result = layer({**batch, "labels": labels}, training=False)
        assert np.array_equal(result["labels"], labels)


@pytest.mark.parametrize("given", ["mixed_float16", "uint8"])
def test_images_come_in_the_dtype_that_the_layer_is_given(
    layer, batch, given, make_another
):
    other = make_another(layer, seed=3, dtype=given)
    result = other(batch)
    expected = make_another(layer, seed=3)(batch)
    wanted = {"mixed_float16": "float16", "uint8": "uint8"}[given]
    images = tf.saturate_cast(expected["images"], wanted)
    assert result["images"].dtype == images.dtype
    assert np.array_equal(result["images"], images)
    assert np.array_equal(result["labels"], expected["labels"])
    computed = other.compute_output_spec(symbolic(batch))
    assert described(computed) == described(result)


def test_numpy_seeds_are_those_of_python(batch):
    one, other = (augment_tf.RandomCrop(seed=s) for s in (7, np.int64(7)))
    assert other.get_config() == {**one.get_config(), "name": other.name}
    assert type(other.get_config()["seed"]) is int
    assert np.array_equal(one(batch)["images"], other(batch)["images"])


@pytest.mark.parametrize("seed", [True, "a", 1.5, (1, 2)])
def test_wrong_seeds_of_layers_are_refused(seed):
    with pytest.raises(ValueError, match="expected `seed` to be an integer or"):
        augment_tf.RandomCrop(seed=seed)


def test_seed_of_any_size_has_draws_of_its_own(make_another, batch):
    """Cut to 32 bits, the second would draw what the first draws."""
    noise = augment_tf.RandomErasing(probability=1.0, fill="noise")
    drawn = [
        make_another(noise, seed=seed)(batch)["images"].numpy().tobytes()
        for seed in (5, 2**32 + 5, 2**63 - 1, 2**63 - 1)
    ]
    assert len(set(drawn[:3])) == 3
    assert drawn[2] == drawn[3]
    assert make_another(noise, seed=2**63 - 1).get_config()["seed"] == 2**63 - 1

"""Arms by name and spelled out join any recipe, or are refused."""

import doctest
import inspect

import pytest

import augment_tf
from experiments.checks import check_experiment
from experiments.configs import arms
from experiments.configs.arms import (
    ARMS,
    LAYERS,
    display_name,
    parse_arm,
)
from experiments.configs.fair import RECIPES
from experiments.configs.registry import STUDIES, choose_arms, list_everything
from experiments.configs.schema import Study, layer
from experiments.errors import ConfigError
from experiments.training.augmentation import build_augmentation, mixes
from pipelines.config import DATA_SETS
from pipelines.loading import SOURCES

SMALL = STUDIES["fair_small"]


def test_what_is_listed_is_what_there_is():
    layers = {
        name
        for name, value in vars(augment_tf).items()
        if inspect.isclass(value) and issubclass(value, augment_tf.Augmentation)
    }
    # The base class, and what + stands for on the command line.
    others = {"Augmentation", "Sequence"}
    assert {*LAYERS} == layers - others | {"AugLy"}
    assert {*DATA_SETS} == {*SOURCES}
    listed = list_everything(DATA_SETS)
    for name in (*DATA_SETS, *ARMS, *LAYERS, *STUDIES, *RECIPES):
        assert f" {name}" in listed


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("a=CutMix", (layer("CutMix"),)),
        ("a = CutMix( alpha = .5 )", (layer("CutMix", alpha=0.5),)),
        (
            "a=RandomErasing(scale=(0.02, 0.1), fill='noise') + MixUp()",
            (
                layer("RandomErasing", scale=(0.02, 0.1), fill="noise"),
                layer("MixUp"),
            ),
        ),
        (
            "a-b.2=random_erase+cutmix + ColorJitter(brightness=-0.0)",
            (
                *ARMS["random_erase"].layers,
                *ARMS["cutmix"].layers,
                layer("ColorJitter", brightness=0.0),
            ),
        ),
        (
            "a=keras/RandAugment(value_range=(0, 255)) + keras_cv/GridMask",
            (
                layer("keras/RandAugment", value_range=(0, 255)),
                layer("keras_cv/GridMask"),
            ),
        ),
        ("a=baseline", ()),
        (
            "a=AugLy(operations={'blur': {'radius': [1, 2]}})",
            (layer("AugLy", operations={"blur": {"radius": [1, 2]}}),),
        ),
    ],
)
def test_arms_are_spelled_out(text, layers):
    arm = parse_arm(text)
    assert arm.layers == layers
    assert arm.name == text.partition("=")[0].strip()


@pytest.mark.parametrize(
    "text",
    [
        "RandomErasing(scale=(0.02, 0.1), fill='noise')",
        "OneOf(CutMix(alpha=0.5), MixUp(), probabilities=(0.6, 0.4))",
        "RandomApply(RandomErasing() + CutMix(), probability=0.3, per='batch')",
    ],
)
def test_config_of_a_layer_reads_back_as_the_layer(text):
    (found,) = parse_arm(f"a={text}").layers
    assert str(found) == text
    assert parse_arm(f"a={found}").layers == (found,)


def test_layers_made_of_layers_are_built_as_they_are_spelled():
    text = "a=OneOf(cutmix, RandomResizedCrop() + MixUp(), per='batch')"
    arm = choose_arms(SMALL, ["baseline"], [text])[-1]
    (*_, built) = build_augmentation(arm).layers
    assert isinstance(built, augment_tf.OneOf)
    assert built.per == "batch"
    cutmix, both = built.layers
    assert isinstance(cutmix, augment_tf.CutMix)
    crop, mixup = both.layers
    assert crop.size == (32, 32)
    assert isinstance(mixup, augment_tf.MixUp)
    assert mixes(built)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CutMix()", "expects NAME=LAYER"),
        ("=CutMix()", "expects NAME=LAYER"),
        ("a b=CutMix()", "expects NAME=LAYER"),
        ("../a=CutMix()", "expects NAME=LAYER"),
        ("a=", "expected layers joined by +"),
        ("a=CutMix(", "expected layers joined by +"),
        ("a=CutMix() - MixUp()", "expected layers joined by +"),
        ("a=3", "expected layers joined by +"),
        ("a=[CutMix()]", "expected layers joined by +"),
        ("a=os.remove(path='x')", "expected layers joined by +"),
        ("a=__import__(name='os')", "no layer '__import__'"),
        ("a=CutMix(alpha=open('x'))", "expected layers joined by +"),
        ("a=" + "(" * 10_000, "expected layers joined by +"),
        ("a=CutMix(0.5)", "options are given by name"),
        ("a=CutMix(**{'alpha': 1})", "options are given by name"),
        ("a=CutMix(alpha={1, 2})", "expected numbers, text"),
        ("a=CutMix(alpha=1e999)", "expected finite numbers"),
        ("a=Cutmix()", "no layer 'Cutmix'. Known: CutMix"),
        ("a=placebo", "no layer 'placebo'"),
        ("a=OneOf()", "OneOf expects layers first, such as OneOf(CutMix()"),
        ("a=OneOf(3)", "expected layers joined by +"),
        ("a=OneOf(baseline, CutMix())", "OneOf expects layers first"),
        ("a=RandomApply(CutMix(), MixUp())", "RandomApply expects a layer"),
        ("a=Sequence(CutMix(), MixUp())", "no layer 'Sequence'"),
    ],
)
def test_what_is_no_arm_is_refused(text, message):
    with pytest.raises(ConfigError) as refused:
        parse_arm(text)
    assert message in str(refused.value)


def test_study_has_its_own_arms_unless_others_are_asked_for():
    own = choose_arms(SMALL)
    assert [each.name for each in own] == list(SMALL.experiments)
    baseline, *others = choose_arms(
        SMALL,
        ["baseline", "fair_small_cutmix", " gridmask", "placebo"],
        ["both=random_erase + CutMix(alpha=0.5)"],
    )
    assert baseline == own[0]
    assert [each.name for each in others] == [
        "fair_small_cutmix",
        "fair_small_gridmask",
        "fair_small_placebo",
        "fair_small_both",
    ]
    added = [each.augment[len(baseline.augment) :] for each in others]
    assert added == [
        (layer("CutMix"),),
        (layer("GridMask"),),
        (),
        (layer("RandomErasing"), layer("CutMix", alpha=0.5)),
    ]
    assert others[2].seed_offset
    for each in others:
        assert each.augment[: len(baseline.augment)] == baseline.augment
        for field in ("data", "model", "optimizer", "epochs", "precision"):
            assert getattr(each, field) == getattr(baseline, field)


def test_spelled_arms_alone_are_compared_with_the_baseline():
    sweep = [f"s{n}=CutMix(alpha={n})" for n in (1, 2)]
    names = [each.name for each in choose_arms(SMALL, spelled=sweep)]
    assert names == ["fair_small_baseline", "fair_small_s1", "fair_small_s2"]


def test_a_known_arm_may_be_spelled_out():
    named = choose_arms(SMALL, ["baseline", "fmix", "cutmix"])
    assert named == choose_arms(SMALL, spelled=["fmix=FMix()", "cutmix=CutMix"])


def test_other_studies_take_arms_too():
    demo = choose_arms(STUDIES["demo"], ["baseline", "random_erase", "cutmix"])
    # Its own Random Erasing, not the one of other recipes.
    assert demo[1].augment[0].options == {"probability": 0.5, "fill": "noise"}
    assert demo[2].augment == (layer("CutMix"),)
    first, _ = choose_arms(
        STUDIES["catsdogs"], ["catsdogs_augly", "catsdogs_original"]
    )
    assert first.name == "catsdogs_augly"


def test_arms_may_differ_in_anything():
    """The initializer, for example."""
    names = ["tinyimagenet_fair_salmix", "tinyimagenet_xavier_salmix"]
    study = Study("both", "for tests", tuple(names))
    chosen = choose_arms(study, names)
    assert [each.name for each in chosen] == names


@pytest.mark.parametrize(
    ("study", "names", "spelled", "message"),
    [
        ("fair_small", ["cutmx"], [], "no arm 'cutmx' for study fair_small"),
        ("fair_small", ["cutmx"], [], "Known: cutmix"),
        ("fair_small", [""], [], "no arm ''"),
        ("fair_small", ["mixup", "mixup"], [], "the same twice"),
        ("fair_small", [], ["fmix=FMix(alpha=2)"], "another arm 'fmix'"),
        ("demo", [], ["salmix=SaliencyMix()"], "another arm 'salmix'"),
        ("fair_small", [], ["a=CutMix", "a=MixUp"], "the same twice: a and a"),
        ("fair_small", [], ["a=CutMix", "b=CutMix()"], "twice: a and b"),
        ("fair_small", [], ["a=baseline"], "twice: baseline and a"),
        ("catsdogs_fair", ["original", "baseline"], [], "the same twice"),
        ("catsdogs", ["augly"], [], "Known: catsdogs_augly"),
        ("catsdogs", ["cutmix"], [], "no recipe that cutmix could join"),
        ("catsdogs", [], ["a=CutMix()"], "no recipe that a could join"),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(
    study, names, spelled, message
):
    with pytest.raises(ConfigError) as refused:
        choose_arms(STUDIES[study], names, spelled)
    assert message in str(refused.value)


@pytest.mark.parametrize("recipe", RECIPES)
def test_any_recipe_takes_any_arm(recipe):
    """As far as can be known without data: layers, options and sizes."""
    study = STUDIES[f"fair_{recipe}"]
    # Those of KerasCV start a process each, whatever the recipe.
    names = [
        arm.name
        for arm in ARMS.values()
        if not any(each.layer.startswith("keras") for each in arm.layers)
    ]
    for experiment in choose_arms(study, names):
        check_experiment(experiment)


def test_display_names():
    result = doctest.testmod(arms)
    assert (result.attempted > 0, result.failed) == (True, 0)
    for study in STUDIES.values():
        names = [display_name(each) for each in study.experiments]
        assert len(set(names)) == len(names)
        # Every built-in experiment has a name for readers.
        assert not {*names} & {*study.experiments}
        assert all(name[0].isupper() for name in names)
        for arm in ARMS if study.prefix else ():
            (joined,) = choose_arms(study, [arm])
            assert display_name({"name": joined.name}) == display_name(arm)
    (_, own) = choose_arms(SMALL, spelled=["my_cutmix=CutMix"])
    assert display_name(own.name) == "my_cutmix"

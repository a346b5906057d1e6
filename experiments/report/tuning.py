"""The pages of a study that was tuned: trials, and arms before and after."""

from typing import NamedTuple

from experiments.formatting import counted
from experiments.plots.trials import plot_expected_best, plot_sensitivity
from experiments.report import wording
from experiments.report.document import (
    Chapter,
    Picture,
    Section,
    Table,
    Text,
    write_page,
)
from experiments.report.effects import compute_effects
from experiments.report.report import naming, write_numbers
from experiments.report.sweep import list_numbers, print_summary, write_pages
from experiments.report.sweep_sections import build_sections
from experiments.statistics.tuning import compute_expected_best, list_leads


class Trial(NamedTuple):
    """One trial of an arm.

    Attributes:
        point: {field: value}.
        error: Top-1 error on the held-out images, in points.
        has_diverged: Whether its loss stopped being a number.
    """

    point: dict
    error: float
    has_diverged: bool


class Tuning(NamedTuple):
    """Trials of a study's arms.

    Attributes:
        dimensions: Tuple of `experiments.configs.variants.Dimension`s.
        epochs: Of a trial.
        trials: {arm: list of `Trial`}, as far as they are made.
        tuned: {arm: the `Experiment` with the best settings}, once all are.
    """

    dimensions: tuple
    epochs: int
    trials: dict
    tuned: dict


def write_tuning(folders, folder, title, *, tuning, points, **options):
    """Writes the pages before and after tuning, and one of both and the trials.

    Args:
        folders: `RunFolder`s of all runs; those of trials are not compared.
        folder: The `Path` that the pages go to.
        title: Heading of the page.
        tuning: `Tuning`.
        points: `effects.Point`s, before and after.
        **options: Further options of `sweep.write_pages`.

    Raises:
        ConfigError: if no run is of use, and why.
    """
    materials, lacking = write_pages(
        folders, folder, title, points=points, **options
    )
    found = compute_effects(points, materials)
    numbers = list_numbers(title, found) | {"tuning": tuning_as_json(tuning)}
    write_numbers(numbers, folder)
    names = wording.Names(found.arms)
    tuned = [each.field for each in tuning.dimensions]
    first, *others = build_sections(found, lacking, tuned)
    sections = [first, *describe_trials(tuning, names), *others]
    with naming(folder):
        write_page(title, [Chapter(title, sections)], folder)
    print_summary(found)
    print(f"\nThe report: {folder / 'index.html'}", flush=True)


def describe_trials(tuning, names):
    """Sections on the trials of a study.

    Args:
        tuning: `Tuning`.
        names: A `wording.Names`.

    Returns:
        A list of `Section`s.
    """
    errors = {
        names(arm): [each.error for each in trials]
        for arm, trials in tuning.trials.items()
    }
    points = {
        names(arm): [
            (each.point, None if each.has_diverged else each.error)
            for each in trials
        ]
        for arm, trials in tuning.trials.items()
    }
    curves = {arm: compute_expected_best(made) for arm, made in errors.items()}
    return [
        Section(
            "Trials",
            [
                Text(list(_describe(tuning, names))),
                Picture(
                    "sensitivity",
                    plot_sensitivity(points, tuning.dimensions, ""),
                    "Error of each trial over each field, a color an arm; a "
                    "ring marks the best trial of an arm, a cross at the upper "
                    "edge one that diverged.",
                ),
            ],
        ),
        Section(
            "Who is ahead with how many trials",
            [
                Text(list(_describe_leads(errors))),
                Picture(
                    "expected_best",
                    plot_expected_best(curves, ""),
                    "Expected lowest error of the best of so many trials, a "
                    "line an arm.",
                ),
            ],
        ),
        Section(
            "All trials",
            [Table(_tabulate(tuning, names), "trials.csv")],
            folded=True,
        ),
    ]


def _describe(tuning, names):
    count = len(next(iter(tuning.trials.values())))
    space = "; ".join(
        f"{each.field} in {each.kind}({', '.join(map(str, each.values))})"
        for each in tuning.dimensions
    )
    yield (
        f"Every arm got the same {counted(count, 'trial')} of "
        f"{counted(tuning.epochs, 'epoch')}, with the same random numbers, at "
        f"the same points of {space}: the first of a scrambled Halton sequence."
    )
    yield (
        "Trials are evaluated on images that are held out from training and "
        "from val. The best settings of an arm were chosen before any of its "
        "tuned runs was evaluated on val."
    )
    for arm, trials in tuning.trials.items():
        diverged = sum(each.has_diverged for each in trials)
        if diverged:
            yield (
                f"{names(arm)}: {counted(diverged, 'trial')} diverged, which "
                "counts as an error of 100 %."
            )
        distinct = len({repr(each.point) for each in trials})
        if len({each.error for each in trials}) == 1 and distinct > 1:
            yield (
                f"{names(arm)} has the same error in all trials: it lacks the "
                "part that was tuned, or cannot tell these settings apart."
            )


def _describe_leads(errors):
    if len(errors) < 2:
        return
    leads = list_leads(errors)
    if len(leads) == 1:
        yield (
            f"{leads[0].arm} has the lowest expected error with any number of "
            f"trials from 1 to {leads[0].last}."
        )
    else:
        yield (
            "The lowest expected error has "
            + "; ".join(_describe_lead(each) for each in leads)
            + "."
        )
    yield (
        "This is the mean over all sets of so many of these trials (Dodge et "
        "al., 2019, without bias as by Tang et al., 2020). Trials are trained "
        "once each, so it ranks; the intervals above are those of the tuned "
        "arms."
    )


def _describe_lead(lead):
    if lead.first == lead.last:
        return f"{lead.arm} with {counted(lead.first, 'trial')}"
    return f"{lead.arm} with {lead.first} to {lead.last} trials"


def _tabulate(tuning, names):
    return [
        {
            "arm": names(arm),
            "trial": number,
            **{field: str(value) for field, value in each.point.items()},
            "error, %": "diverged"
            if each.has_diverged
            else f"{each.error:.2f}",
        }
        for arm, trials in tuning.trials.items()
        for number, each in enumerate(trials, 1)
    ]


def tuning_as_json(tuning):
    """Trials and the best of each arm, for comparison.json."""
    return {
        "space": [
            {**each._asdict(), "values": list(each.values)}
            for each in tuning.dimensions
        ],
        "trial_epochs": tuning.epochs,
        "arms": {
            arm: {
                "trials": [each._asdict() for each in trials],
                "expected_best": compute_expected_best(
                    [each.error for each in trials]
                ).tolist(),
                "tuned": tuning.tuned[arm].name,
            }
            for arm, trials in tuning.trials.items()
        },
    }

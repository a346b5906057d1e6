"""The pages of a sweep: one of the effects, and one of each value."""

from experiments.errors import ConfigError
from experiments.formatting import counted, markdown_table
from experiments.report.document import Chapter, write_page
from experiments.report.effects import compute_effects
from experiments.report.report import naming, write_numbers, write_report
from experiments.report.sweep_sections import (
    build_sections,
    describe_changes,
    tabulate_effects,
)

# Rows of the table that the screen shows.
_MOST_ROWS = 20


def write_sweep(folders, folder, title, *, points, study, **options):
    """Writes the pages of all values, and the page of their effects.

    index.html and report.md hold all of it; comparison.json every number;
    effects.csv and changes.csv are the tables.

    Args:
        folders, folder, title, points, study, **options: As for
            `write_pages`.

    Raises:
        ConfigError: if no value has a run of use, and why.
    """
    print(
        f"comparing and drawing {counted(len(folders), 'run')} at "
        f"{counted(len(points), 'value')}",
        flush=True,
    )
    materials, lacking = write_pages(
        folders, folder, title, points=points, study=study, **options
    )
    found = compute_effects(points, materials)
    write_numbers(list_numbers(title, found), folder)
    sections = build_sections(found, lacking)
    with naming(folder):
        write_page(title, [Chapter(title, sections)], folder)
    print_summary(found)
    print(f"\nThe report: {folder / 'index.html'}", flush=True)


def write_pages(folders, folder, title, *, points, study, **options):
    """Writes a page for each of several points, as for any study.

    Args:
        folders: `RunFolder`s of all runs.
        folder: The `Path` that has a folder for each point, named as
            `effects.Point.folder`.
        title: What headings begin with.
        points: `effects.Point`s.
        study: Name of the study.
        **options: Further options of `report.write_report`.

    Returns:
        {place of a point: its `material.Material`}, and {place: reason} of
        points without runs of use.

    Raises:
        ConfigError: if no point has a run of use, and why.
    """
    materials, lacking = {}, {}
    for place, point in enumerate(points):
        own = [
            each
            for experiment in point.arms.values()
            for each in folders
            if each.path.parent.name == experiment.name
        ]
        try:
            found = write_report(
                own,
                folder / point.folder,
                f"{title}, {point.title}",
                study=f"{study}, {point.title}",
                quiet=True,
                **options,
            )
        except ConfigError as error:
            lacking[place] = str(error)
        else:
            materials[place] = found[0]
    if not materials:
        raise ConfigError(next(iter(lacking.values())))
    return materials, lacking


def print_summary(found):
    """Prints the answer and the table of a sweep's `effects.Effects`."""
    rows = tabulate_effects(found)
    print("", *describe_changes(found), sep="\n")
    if rows:
        print("", *markdown_table(rows[:_MOST_ROWS]), sep="\n")
    if len(rows) > _MOST_ROWS:
        print(f"and {len(rows) - _MOST_ROWS} more on the page")


def list_numbers(title, found):
    """The content of comparison.json."""
    return {
        "title": title,
        "fields": [
            {
                "name": field,
                "values": values,
                "places": found.places[field],
                "scale": found.scale(field),
            }
            for field, values in found.fields.items()
        ],
        "answer": list(describe_changes(found)),
        "values": [
            {
                "values": point.values,
                "page": f"{point.folder}/index.html",
                "arms": {arm: each.name for arm, each in point.arms.items()},
                "compared": place in found.materials,
            }
            for place, point in enumerate(found.points)
        ],
        "effects": [
            {
                "values": found.points[each.place].values,
                "arm": each.arm,
                "error": each.error,
                "reference_error": each.reference_error,
                "difference": each.difference.as_json(),
            }
            for each in found.effects
        ],
        "changes": [
            each._asdict() | {"contrast": each.contrast.as_json()}
            for each in found.changes
        ],
        # Of a study with trials.
        "tuning": None,
    }

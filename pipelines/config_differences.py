"""In which fields two configs differ."""


def differences(before, after, path=""):
    """Fields that differ between two configs as JSON.

    A field that is not there counts as None: it may be newer than the config.
    1 and 1.0 are the same, but in AugLy's operations, which draw whole numbers
    between whole numbers.

    Args:
        before, after: Dictionaries, as JSON reads them back.
        path: Of these dictionaries in larger ones.

    Returns:
        A list of (path, old value, new value). Where two dictionaries differ
        in their order alone, which may mean something, such as that in which
        operations are applied, the values are the lists of their keys.

    Example:

    >>> from pipelines.config_differences import differences
    >>> differences({"seed": 1, "sides": [8, 9]}, {"seed": 1, "sides": [8, 7]})
    [('sides.1', 9, 7)]
    """
    if isinstance(before, list) and isinstance(after, list):
        before, after = (dict(enumerate(items)) for items in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        if set(before) == set(after) and list(before) != list(after):
            return [(path, list(before), list(after))]
        return [
            difference
            for key in {**before, **after}
            for difference in differences(
                before.get(key), after.get(key), f"{path}.{key}".lstrip(".")
            )
        ]
    same = before == after and (
        type(before) is type(after) or "operations" not in path.split(".")
    )
    return [] if same else [(path, before, after)]

"""Numbers with their units, as they stand in sentences."""


def counted(count, thing):
    """For example "1 epoch", "1,200 images"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def duration(seconds):
    """For example "45 s", "3.2 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"

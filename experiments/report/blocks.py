"""What a report is made of, whatever it is written as."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """Sentences; `kind` is "plain", "answer" or "warning"."""

    sentences: list
    kind: str = "plain"


@dataclass(frozen=True)
class Table:
    """Rows as equal dictionaries, with the columns' titles as keys.

    Attributes:
        rows: list[dict]; cells are what `str` makes of them.
        file: Name of the CSV file that it goes to as well, or None.
    """

    rows: list
    file: str | None = None


@dataclass(frozen=True)
class Picture:
    """A figure, and what it shows in words.

    Attributes:
        name: Of the files, without their ending.
        figure: A `matplotlib.figure.Figure`.
        text: For those who cannot see it.
    """

    name: str
    figure: object
    text: str


@dataclass(frozen=True)
class Code:
    """Commands, line by line."""

    text: str


@dataclass(frozen=True)
class Section:
    """A heading and what is below it.

    Attributes:
        title: The heading.
        blocks: list of the above.
        folded: Whether a page shows it only on demand.
    """

    title: str
    blocks: list = field(default_factory=list)
    folded: bool = False

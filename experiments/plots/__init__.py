"""Figures, each from data to a matplotlib `Figure`.

`Figure` alone, without pyplot: no backend is chosen, no display is needed,
and a figure that nobody holds any more is gone. Text is drawn as it is: a
class may well be named "A$AP$".
"""

import matplotlib

# A user's matplotlibrc may ask for LaTeX, other sizes, other colors.
matplotlib.rcdefaults()
matplotlib.rcParams["text.parse_math"] = False

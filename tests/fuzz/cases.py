"""Cases of fuzz tests: the same every time, and those of the day's seed.

A failure repeats with the seed that it prints, and more cases are a number:

    AUGMENT_TF_FUZZ_SEED=N AUGMENT_TF_FUZZ_EXAMPLES=5000 pytest tests/fuzz/FILE
"""

import datetime
import os

import pytest
from hypothesis import HealthCheck, given, seed, settings

SEED = int(
    os.environ.get("AUGMENT_TF_FUZZ_SEED")
    or datetime.date.today().strftime("%Y%m%d")
)


def fuzz(examples, **strategies):
    """Decorates a test without fixtures: it gets cases of these strategies.

    Args:
        examples: Number of cases of each kind.
        **strategies: As for `hypothesis.given`.
    """
    examples = int(os.environ.get("AUGMENT_TF_FUZZ_EXAMPLES") or examples)
    common = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    kinds = {
        "fixed": settings(common, derandomize=True),
        "of_the_day": lambda test: seed(SEED)(
            settings(common, database=None)(test)
        ),
    }

    def decorate(test):
        @pytest.mark.parametrize("kind", kinds)
        def run(kind):
            print(f"AUGMENT_TF_FUZZ_SEED={SEED}")
            # A wrapper of its own: hypothesis keeps settings on functions.
            kinds[kind](given(**strategies)(lambda **case: test(**case)))()

        return run

    return decorate

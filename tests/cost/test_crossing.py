"""The closed form of a staircase against a line, against the exact sets of break-even."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.cost.breakeven import winning_set
from costmodel.cost.crossing import Staircase, first_and_always
from costmodel.cost.curve import CostCurve, PiecewiseLinear, Steps

AMOUNT = st.integers(0, 40).map(lambda n: n * 37.0)


@given(
    fixed=AMOUNT,
    usd=st.integers(1, 40).map(lambda n: n * 53.0),
    base=st.integers(0, 3).map(float),
    per_volume=st.integers(1, 30).map(lambda n: n / 611),
    floor=st.integers(1, 4).map(float),
    intercept=AMOUNT,
    slope=st.integers(1, 60).map(lambda n: n * 0.97),
)
def test_agrees_with_the_exact_set(fixed, usd, base, per_volume, floor, intercept, slope):
    first, always = first_and_always(
        Staircase(fixed, usd, base, per_volume, floor), intercept, slope
    )
    won = winning_set(
        CostCurve(PiecewiseLinear.line(fixed), Steps.single(usd, per_volume, floor, base)),
        CostCurve(PiecewiseLinear.line(intercept, slope)),
    )
    expected = [np.inf if v is None else v for v in (won.first, won.always_from)]
    assert [float(first), float(always)] == pytest.approx(expected, rel=1e-7, abs=1e-7)

from __future__ import annotations

import pytest

from costmodel.book import load_book, models
from costmodel.book.roofline import Interval, roofline, widen

FAMILIAR = {"model": "llama-3.3-70b", "gpu": "h100-sxm", "kernel": "cublas"}


def test_a_familiar_dense_case_has_the_dense_interval():
    found = roofline().interval(**FAMILIAR, mixture=False)
    assert found.low == pytest.approx(roofline().intervals.dense.low)
    assert found.high == pytest.approx(roofline().intervals.dense.high)


@pytest.mark.parametrize("strange", [{"model": "x"}, {"gpu": "x"}, {"kernel": "x"}])
def test_whatever_is_strange_widens(strange: dict[str, str]):
    base = roofline().interval(**FAMILIAR, mixture=False)
    found = roofline().interval(**{**FAMILIAR, **strange}, mixture=False)
    assert found.low < base.low
    assert found.high > base.high


def test_excess_adds_up_in_quadrature():
    base, other = Interval(low=0.5, high=2), Interval(low=0.25, high=4)
    assert widen(base, [other], base).high == pytest.approx(4)
    assert widen(base, [other, other], base).high == pytest.approx(2 ** (7**0.5))


def test_what_it_was_calibrated_on_is_in_the_book():
    book, known = load_book(), roofline().calibrated_on
    assert all(models.model(name).id == name for name in known.models)
    assert all(book.gpu(name).id == name for name in known.gpus)
    assert all(book.kernel(name).id == name for name in known.kernels)

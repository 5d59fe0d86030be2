"""Draws: the quantiles of ranges, correlation, and what correlations are refused."""

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.studies.risk.sampling import correlation_matrix, normal_scores, two_piece


def test_a_range_keeps_its_three_numbers():
    z = normal_scores(4096, 1, 3, np.eye(1))[:, 0]
    drawn = two_piece(10.0, 20.0, 50.0, z)
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([10, 20, 50], rel=2e-3)


def test_correlated_scores_have_that_correlation():
    matrix = np.array([[1.0, -0.6], [-0.6, 1.0]])
    z = normal_scores(8192, 2, 1, matrix)
    assert np.corrcoef(z.T)[0, 1] == pytest.approx(-0.6, abs=0.01)


@pytest.mark.parametrize("rho", [1.0, -1.0])
def test_inputs_that_move_as_one_draw_one_score(rho):
    matrix = correlation_matrix((("a", "b", rho),), ("a", "b"))
    one, other = normal_scores(256, 2, 1, matrix).T
    assert other == pytest.approx(rho * one, abs=1e-3)


def test_same_seed_same_numbers_and_another_seed_others():
    one, same, other = (normal_scores(100, 3, seed, np.eye(3)) for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ((("a", "x", 0.5),), "'x' is not an input with a range"),
        ((("a", "b", 1.5),), "rho is from -1 to 1, not 1.5"),
        ((("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9)), "not positive semidefinite"),
        ((("a", "b", 0.5), ("b", "a", 0.4)), "each pair once"),
    ],
)
def test_correlations_that_cannot_be(said, about):
    with pytest.raises(InputError, match=about):
        correlation_matrix(said, ("a", "b", "c"))

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.serving.anchor import (
    DISTANCES,
    LABELS,
    Similarity,
    anchors,
    correlation,
    nearest,
    points,
)

LIKE = Similarity(0.2, 0.02, tuple([0.5] * len(LABELS) + [0.2] * len(DISTANCES)))


def configuration(concurrency=8.0, **labels):
    row = tuple(labels.get(name, f"same {name}") for name in LABELS)
    return points([row], [[1.0, 1000.0, 200.0, concurrency, 1.0]])


def many(*rows):
    return points(
        [tuple(row.get(name, f"same {name}") for name in LABELS) for row in rows],
        [[1.0, 1000.0, 200.0, row.get("concurrency", 8.0), 1.0] for row in rows],
    )


def test_beside_a_measurement_the_answer_is_the_measurement():
    found = anchors(many({"concurrency": 8.0}), np.array([0.3]), LIKE)
    mean, deviation = found.correct(configuration(8.0))
    # one observation of variance s^2 + n^2: mean s^2 / (s^2 + n^2) of it
    assert mean[0] == pytest.approx(0.3 * 0.04 / 0.0404)
    assert deviation[0] == pytest.approx(np.sqrt(0.0404 - 0.04**2 / 0.0404))


def test_far_from_every_measurement_the_roofline_stands_alone():
    found = anchors(many({}), np.array([0.3]), LIKE)
    strange = configuration(**dict.fromkeys(LABELS, "other"))
    mean, deviation = found.correct(strange)
    assert abs(mean[0]) < 0.01
    assert deviation[0] == pytest.approx(np.hypot(0.2, 0.02), rel=0.01)


@pytest.mark.parametrize("label", LABELS)
def test_whatever_is_unseen_widens_and_unknown_widens_half_way(label):
    found = anchors(many({}, {"concurrency": 16.0}), np.array([0.1, 0.2]), LIKE)

    def deviation(value):
        return found.correct(configuration(**({label: value} if value is not None else {})))[1][0]

    assert deviation(None) < deviation("") < deviation("other")


def test_it_agrees_with_the_textbook_formula():
    rng = np.random.default_rng(7)
    rows = [
        {"gpu": str(rng.integers(3)), "model": str(rng.integers(4)), "concurrency": float(c)}
        for c in rng.integers(1, 200, 30)
    ]
    known, residuals = many(*rows), rng.normal(0, 0.2, 30)
    asked = many(*({"gpu": "1", "model": "9", "concurrency": float(c)} for c in (1, 5, 60)))
    mean, deviation = anchors(known, residuals, LIKE).correct(asked)
    cover = 0.04 * correlation(known, known, LIKE) + 0.0004 * np.eye(30)
    cross = 0.04 * correlation(asked, known, LIKE)
    np.testing.assert_allclose(mean, cross @ np.linalg.solve(cover, residuals))
    left = 0.0404 - np.einsum("ij,ji->i", cross, np.linalg.solve(cover, cross.T))
    np.testing.assert_allclose(deviation, np.sqrt(left))


def test_many_concurrencies_in_one_call_are_what_they_are_alone():
    known = many(*({"concurrency": float(c)} for c in (1, 4, 16, 64)))
    found = anchors(known, np.array([0.1, 0.0, -0.1, 0.2]), LIKE)
    wanted = np.array([1.0, 3.0, 16.0, 200.0])
    along = found.correct_along(configuration(50.0), wanted)
    alone = [found.correct(configuration(float(c))) for c in wanted]
    np.testing.assert_allclose(along[0], [mean[0] for mean, _ in alone])
    np.testing.assert_allclose(along[1], [deviation[0] for _, deviation in alone])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "x"]), st.integers(1, 99)
        ),
        min_size=1,
        max_size=25,
    )
)
def test_likeness_is_positive_definite_with_unknown_labels_too(rows):
    known = many(*({"gpu": g, "version": v, "concurrency": float(c)} for g, v, c in rows))
    alike = correlation(known, known, LIKE)
    assert np.allclose(np.diag(alike), 1)
    assert np.linalg.eigvalsh(alike).min() > -1e-9


def test_the_nearest_come_first_and_carry_most():
    known = many({"gpu": "far", "model": "far"}, {"concurrency": 9.0}, {"gpu": "far"})
    asked = configuration(8.0)
    assert list(nearest(asked, known, LIKE, 2)) == [1, 2]
    pull = anchors(known, np.zeros(3), LIKE).influence(asked)
    assert pull.sum() == pytest.approx(1)
    assert np.argmax(pull) == 1


def test_widening_widens_and_moves_nothing():
    known = many({}, {"gpu": "other"})
    residuals = np.array([0.1, 0.2])
    one, two = (
        anchors(known, residuals, replace(LIKE, near=w, far=w)).correct(configuration(30.0))
        for w in (1.0, 1.5)
    )
    assert one[0] == pytest.approx(two[0])
    assert 1.5 * one[1] == pytest.approx(two[1])


def test_near_and_far_widen_apart():
    known = many({}, {"gpu": "other"})
    wide = replace(LIKE, near=1.0, far=3.0)
    plain, wider = (anchors(known, np.array([0.1, 0.2]), each) for each in (LIKE, wide))
    strange = configuration(**dict.fromkeys(LABELS, "strange"))
    assert wider.correct(strange)[1][0] == pytest.approx(3 * plain.correct(strange)[1][0], rel=0.02)
    beside = configuration(8.0)
    assert wider.correct(beside)[1][0] < 1.2 * plain.correct(beside)[1][0]


def test_a_curve_through_measurements_has_no_kinks():
    """Slopes left and right of a measurement agree, ever better the closer they are taken."""
    known = many({"concurrency": 8.0}, {"concurrency": 32.0}, {"concurrency": 128.0})
    found = anchors(known, np.array([0.1, -0.3, 0.4]), LIKE)

    def gap(step):
        at = 32.0 * np.exp(np.array([-step, 0.0, step]))
        mean, _ = found.correct_along(configuration(1.0), at)
        return abs((mean[2] - mean[1]) - (mean[1] - mean[0])) / step

    assert gap(1e-3) < 2e-3
    assert gap(1e-4) == pytest.approx(gap(1e-3) / 10, rel=0.1)

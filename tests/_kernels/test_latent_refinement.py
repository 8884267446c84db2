"""Damped Gauss-Newton steps on latents against a plain search for the smallest chi square."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sklearn_sedzoo._kernels._latent_refinement import refine_latents

N_ROWS, N_AXES = 7, 6
MATRIX = np.random.default_rng(1).standard_normal((2, N_AXES))


def draw_bent(latents):
    """A decoder that bends: ``z A`` and, from the third axis on, its square."""
    drawn = latents @ MATRIX
    slopes = np.repeat(MATRIX[None], len(latents), axis=0)
    slopes = slopes.copy()
    slopes[:, :, 2:] += 0.6 * (drawn[:, None] * MATRIX)[:, :, 2:]
    bent = drawn.copy()
    bent[:, 2:] += 0.3 * drawn[:, 2:] ** 2
    return bent, slopes


def make_problem(seed, n_metrics=N_ROWS, precision=1e3):
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((N_ROWS, 2))
    root = rng.standard_normal((n_metrics, N_AXES, N_AXES))
    metric = precision * root @ root.transpose(0, 2, 1)
    target = draw_bent(truth)[0] + 0.03 * rng.standard_normal((N_ROWS, N_AXES))
    return truth + 0.1 * rng.standard_normal((N_ROWS, 2)), (metric @ target[:, :, None])[:, :, 0], metric


def measure(latents, start, pull, metric):
    drawn = draw_bent(latents)[0]
    chi = np.einsum("ia,iab,ib->i", drawn, np.broadcast_to(metric, (len(drawn), *metric.shape[1:])), drawn)
    return chi - 2 * np.sum(drawn * pull, axis=1) + np.sum((latents - start) ** 2, axis=1)


@pytest.mark.parametrize("n_metrics", [1, N_ROWS])
@pytest.mark.parametrize("seed", [0, 1])
def test_many_steps_find_the_minimum(seed, n_metrics):
    start, pull, metric = make_problem(seed, n_metrics)
    found = refine_latents(start, draw_bent, pull, metric, n_steps=20)
    for i in range(N_ROWS):
        row = slice(i, i + 1)
        rest = start[row], pull[row], metric[row] if n_metrics > 1 else metric
        best = minimize(lambda z, rest=rest: measure(z[None], *rest)[0], start[i], method="Nelder-Mead", tol=1e-10)
        np.testing.assert_allclose(found[i], best.x, atol=1e-4)  # of a search without derivatives


def test_two_steps_come_close_and_rows_stand_alone():
    start, pull, metric = make_problem(2)
    found, best = (refine_latents(start, draw_bent, pull, metric, n_steps=n) for n in (2, 20))
    assert np.all(measure(found, start, pull, metric) <= measure(start, start, pull, metric))
    assert np.abs(found - best).max() < 0.05 * np.abs(start - best).max()
    alone = [refine_latents(start[i : i + 1], draw_bent, pull[i : i + 1], metric[i : i + 1]) for i in range(N_ROWS)]
    np.testing.assert_allclose(np.vstack(alone), found, rtol=1e-12, atol=1e-12)


def test_without_weight_nothing_moves():
    start, pull, metric = make_problem(3)
    np.testing.assert_array_equal(refine_latents(start, draw_bent, 0 * pull, 0 * metric), start)
    gentle = refine_latents(start, draw_bent, 1e-6 * pull, 1e-6 * metric, n_steps=10)  # chi square of little weight
    assert np.abs(gentle - start).max() < 0.05


def test_a_step_that_does_not_help_is_not_taken():
    start, pull, metric = make_problem(4)

    def draw_wrongly(latents):
        drawn, slopes = draw_bent(latents)
        return drawn, -slopes

    np.testing.assert_array_equal(refine_latents(start, draw_wrongly, pull, metric), start)

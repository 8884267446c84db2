"""Positions, neighbors and smoothing on the four grids, against loops over all pairs of cells."""

import numpy as np
import pytest

from sklearn_sedzoo._kernels.som_grid import (
    average_neighbors,
    find_neighbors,
    lay_cells,
    measure_steps,
    smooth_cells,
)
from tests.reference import som as twin

GRIDS = [("rectangular", False), ("rectangular", True), ("hexagonal", False), ("hexagonal", True)]
SHAPES = [(6, 5), (4, 7), (1, 5), (2, 3)]


@pytest.mark.parametrize(("topology", "is_toroidal"), GRIDS)
@pytest.mark.parametrize("shape", [*SHAPES, (5, 1), (5, 4)])
def test_grid_distances_equal_the_least_over_images(shape, topology, is_toroidal):
    if topology == "hexagonal" and is_toroidal and shape[0] % 2:
        pytest.skip("a toroidal hexagonal map has an even number of rows")
    first, second = np.divmod(np.arange((shape[0] * shape[1]) ** 2), shape[0] * shape[1])
    steps = measure_steps(*shape, topology, is_toroidal, first, second)
    np.testing.assert_allclose(steps, twin.all_distances(shape, topology, is_toroidal).ravel(), atol=1e-12)


@pytest.mark.parametrize("kind", ["gaussian", "bubble", "mexican_hat", "mexican_hat_bound", "cut_gaussian"])
@pytest.mark.parametrize(("topology", "is_toroidal"), GRIDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("radius", [0.3, 1.0, 2.7])
def test_smoothing_equals_the_full_matrix(shape, topology, is_toroidal, kind, radius):
    if topology == "hexagonal" and is_toroidal and shape[0] % 2:
        pytest.skip("a toroidal hexagonal map has an even number of rows")
    values = np.random.default_rng(0).normal(size=(*shape, 3))
    h = twin.neighborhood(twin.all_distances(shape, topology, is_toroidal), radius, kind)
    expected = (h @ values.reshape(-1, 3)).reshape(values.shape)
    np.testing.assert_allclose(smooth_cells(values, radius, kind, topology, is_toroidal), expected, atol=1e-12)


def test_radius_zero_leaves_values_alone():
    values = np.random.default_rng(0).normal(size=(3, 4, 2))
    np.testing.assert_array_equal(smooth_cells(values, 0.0), values)


@pytest.mark.parametrize(("topology", "number"), [("rectangular", 8), ("hexagonal", 6)])
def test_every_cell_of_a_torus_has_all_its_neighbors(topology, number):
    cell, _ = find_neighbors(6, 5, topology, is_toroidal=True)
    np.testing.assert_array_equal(np.bincount(cell), number)


def test_hexagonal_neighbors_are_at_distance_one():
    positions = lay_cells(5, 4, "hexagonal")
    cell, near = find_neighbors(5, 4, "hexagonal")
    np.testing.assert_allclose(np.linalg.norm(positions[cell] - positions[near], axis=1), 1)
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    assert len(cell) == (np.abs(distance - 1) < 1e-9).sum()


@pytest.mark.parametrize(("topology", "is_toroidal"), GRIDS)
@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (2, 2)])
def test_u_matrix_equals_its_twin(shape, topology, is_toroidal):
    if topology == "hexagonal" and is_toroidal and shape[0] % 2:
        pytest.skip("a toroidal hexagonal map has an even number of rows")
    weights = np.random.default_rng(1).normal(size=(*shape, 3))
    expected = twin.u_matrix(weights, topology, is_toroidal)
    np.testing.assert_allclose(average_neighbors(weights, topology, is_toroidal), expected, atol=1e-12)

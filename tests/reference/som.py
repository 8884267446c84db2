"""Slow, obvious twins of the map kernels: loops over cells, full matrices, no algebra."""

import numpy as np


def cell_position(row, column, topology):
    """x, y of one cell."""
    if topology == "hexagonal":
        return np.array([column + (0.5 if row % 2 else 0.0), row * 3**0.5 / 2])
    return np.array([float(column), float(row)])


def grid_distance(a, b, shape, topology, is_toroidal):
    """Distance between two cells (row, column); on a torus the least over all nine images of the second."""
    n_rows, n_columns = shape
    first = cell_position(*a, topology)
    period = np.array([n_columns, n_rows * (3**0.5 / 2 if topology == "hexagonal" else 1.0)])
    images = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)] if is_toroidal else [(0, 0)]
    return min(np.linalg.norm(first - cell_position(*b, topology) - period * image) for image in images)


def all_distances(shape, topology, is_toroidal):
    """Matrix of grid distances between all cells, row by row."""
    cells = list(np.ndindex(shape))
    return np.array([[grid_distance(a, b, shape, topology, is_toroidal) for b in cells] for a in cells])


def neighborhood(distance, radius, kind):
    """The neighborhood function."""
    if kind == "bubble":
        return (distance <= radius + 1e-9).astype(float)
    gaussian = np.exp(-(distance**2) / (2 * radius**2))
    if kind == "gaussian":
        return gaussian
    if kind == "mexican_hat":
        return (1 - distance**2 / (2 * radius**2)) * gaussian
    if kind == "mexican_hat_bound":
        return (1 + distance**2 / (2 * radius**2)) * gaussian
    return np.where(distance <= 2 * radius + 1e-9, gaussian, 0.0)


def best_cell(x, weights):
    """The nearest row of weights, by differences; the first of those that are equally near (to 1e-9)."""
    squared = ((weights - x) ** 2).sum(axis=1)
    return int(np.argmax(squared <= squared.min() * (1 + 1e-9)))


def batch_epoch(X, weights, radius, shape, topology, is_toroidal, kind, sample_weight=None):
    """One epoch of the batch algorithm as Kohonen writes it: a weighted mean for each cell."""
    sample_weight = np.ones(len(X)) if sample_weight is None else sample_weight
    h = neighborhood(all_distances(shape, topology, is_toroidal), radius, kind)
    best = [best_cell(x, weights) for x in X]
    updated = weights.copy()
    for j in range(len(weights)):
        pull = np.array([h[j, b] for b in best]) * sample_weight
        if pull.sum() > 0:
            updated[j] = (pull[:, None] * X).sum(axis=0) / pull.sum()
    return updated


def distortion(X, weights, radius, shape, topology, is_toroidal, kind):
    """Squared distance to every cell, weighted by the neighborhood function around the best one."""
    h = neighborhood(all_distances(shape, topology, is_toroidal), radius, kind)
    total = norm = 0.0
    for x in X:
        pull = h[:, best_cell(x, weights)]
        total += (pull * ((weights - x) ** 2).sum(axis=1)).sum()
        norm += pull.sum()
    return total / norm


def u_matrix(weights, topology, is_toroidal):
    """Mean distance of each cell to the cells it touches."""
    shape = weights.shape[:2]
    reach = 1.01 if topology == "hexagonal" else 1.42
    out = np.zeros(shape)
    for a in np.ndindex(shape):
        near = [
            np.linalg.norm(weights[a] - weights[b])
            for b in np.ndindex(shape)
            if a != b and grid_distance(a, b, shape, topology, is_toroidal) < reach
        ]
        out[a] = np.mean(near) if near else 0.0
    return out


def topographic_error(X, weights, topology, is_toroidal):
    """Share of samples whose two best cells do not touch."""
    shape = weights.shape[:2]
    flat = weights.reshape(-1, weights.shape[2])
    reach = 1.01 if topology == "hexagonal" else 1.42
    wrong = 0
    for x in X:
        first, second = np.argsort(((flat - x) ** 2).sum(axis=1))[:2]
        a, b = np.unravel_index(first, shape), np.unravel_index(second, shape)
        wrong += grid_distance(a, b, shape, topology, is_toroidal) > reach
    return wrong / len(X)


def combined_error(X, weights, topology, is_toroidal):
    """Distance to the best cell and on to the second along touching cells; all ways by Floyd and Warshall."""
    shape = weights.shape[:2]
    flat = weights.reshape(-1, weights.shape[2])
    reach = 1.01 if topology == "hexagonal" else 1.42
    on_map = all_distances(shape, topology, is_toroidal)
    way = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    way[on_map > reach] = np.inf
    for middle in range(len(flat)):
        way = np.minimum(way, way[:, middle, None] + way[None, middle])
    total = 0.0
    for x in X:
        distance = np.sqrt(((flat - x) ** 2).sum(axis=1))
        first, second = np.argsort(distance)[:2]
        total += distance[first] + way[first, second]
    return total / len(X)


def topographic_product(weights, topology, is_toroidal):
    """Bauer and Pawelzik's equations 8 to 16, term by term; neighbors at one distance in the other space's order."""
    shape = weights.shape[:2]
    flat = weights.reshape(-1, weights.shape[2])
    on_map = all_distances(shape, topology, is_toroidal)
    in_data = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    n = len(flat)
    total = 0.0
    for j in range(n):
        others = [k for k in range(n) if k != j]
        by_map = sorted(others, key=lambda k: (round(on_map[j, k], 9), in_data[j, k]))
        by_data = sorted(others, key=lambda k: (in_data[j, k], on_map[j, k]))
        for k in range(1, n):
            product = 1.0
            for nearest_map, nearest_data in zip(by_map[:k], by_data[:k], strict=True):
                product *= in_data[j, nearest_map] / in_data[j, nearest_data]
                product *= on_map[j, nearest_map] / on_map[j, nearest_data]
            total += np.log(product ** (1 / (2 * k)))
    return total / (n * (n - 1))


def trustworthiness(data, placed, k):
    """Venna and Kaski's trustworthiness with ties shared: averaged over many random orders of tied samples."""
    rng = np.random.default_rng(0)
    n, n_draws = len(data), 400
    penalty = 0.0
    for i in range(n):
        others = np.array([j for j in range(n) if j != i])
        distance = np.linalg.norm(data[others] - data[i], axis=1)
        rank = dict(zip(others[np.argsort(distance)], range(1, n), strict=True))
        on_map = np.linalg.norm(placed[others] - placed[i], axis=1).round(9)
        for _ in range(n_draws):
            near = others[np.lexsort((rng.uniform(size=n - 1), on_map))[:k]]
            penalty += sum(max(rank[j] - k, 0) for j in near) / n_draws
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty

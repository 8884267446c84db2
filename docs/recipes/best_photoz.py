"""The best photometric redshifts we know of from six bands: extra trees and maps, voting.

    python docs/recipes/best_photoz.py [TRAINING.hdf5 VALIDATION.hdf5]

Densities from the leaves of extra trees on magnitudes, all colors and errors, 70 %; calibrated densities from
`SOMRedshiftRegressor` on one magnitude and colors, 30 %; the prediction is the redshift of least risk of the mixture.
Share and risk were chosen on folds of the training file. Around it is an ordinary VotingRegressor.
"""

import argparse

import numpy as np
from sample import LIMITS, load
from scipy import ndimage, sparse
from sklearn.ensemble import ExtraTreesRegressor, VotingRegressor
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.photometry import MagnitudeToColor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor, best_redshift

WEIGHTS = (0.7, 0.3)
GAMMA = 0.2  # of the risk
SMOOTHING = 0.004  # of the trees' densities, in ln(1 + z)


class MedianTrees(ExtraTreesRegressor):
    """Extra trees whose prediction is the median over the trees, and whose leaves give a density."""

    def fit(self, X, y):
        super().fit(X, y)
        self.zgrid_ = np.linspace(0, 1.05 * max(y), 601)
        self._leaves, self._z = self.apply(X), np.asarray(y, float)
        return self

    def predict(self, X):
        return np.median([tree.predict(np.asarray(X, np.float32)) for tree in self.estimators_], axis=0)

    def predict_dist(self, X, n_bins=1600):
        """Mean over trees of the redshifts in the leaf of each row, smoothed in ln(1 + z)."""
        step = np.log1p(self.zgrid_[-1]) / n_bins
        bins = np.clip((np.log1p(self._z) / step).astype(int), 0, n_bins - 1)
        mass = np.zeros((len(X), n_bins))
        for leaves, own in zip(self._leaves.T, self.apply(X).T, strict=True):
            inside = sparse.csr_matrix((np.ones(len(bins)), (leaves, bins)), shape=(leaves.max() + 1, n_bins))
            share = sparse.diags(1 / np.maximum(np.bincount(leaves), 1)) @ inside
            mass += share[own].toarray()
        mass = ndimage.gaussian_filter1d(mass, SMOOTHING / step, axis=1, mode="reflect")
        centers = np.expm1((np.arange(n_bins) + 0.5) * step)
        density = np.array([np.interp(self.zgrid_, centers, row) for row in mass]) / (1 + self.zgrid_)
        return density / np.trapezoid(density, self.zgrid_, axis=1)[:, None]


class DensityVote(VotingRegressor):
    """A vote of densities: their weighted mean, and its redshift of least risk as the prediction."""

    def predict_dist(self, X, n_rows=2000):
        parts = []
        for start in range(0, len(X), n_rows):
            block = X.iloc[start : start + n_rows]
            members = zip(self.weights, self.estimators_, strict=True)
            parts.append(sum(w * member[-1].predict_dist(member[:-1].transform(block)) for w, member in members))
        return np.concatenate(parts)

    def predict(self, X):
        return best_redshift(self.predict_dist(X), self.zgrid_, gamma=GAMMA)

    @property
    def zgrid_(self):
        return self.estimators_[0][-1].zgrid_


def make_model(n_trees=300, seed=0):
    features = {"nondetection": 99, "limits": LIMITS}
    trees = make_pipeline(
        MagnitudeToColor(ref_band="all", colors="all", **features),
        MedianTrees(n_trees, min_samples_leaf=2, n_jobs=-1, random_state=seed),
    )
    maps = make_pipeline(
        MagnitudeToColor(errors="drop", **features), StandardScaler(), SOMRedshiftRegressor(random_state=seed)
    )
    return DensityVote([("trees", trees), ("maps", maps)], weights=WEIGHTS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.files:
        (X, z), (X_new, z_new) = (load(path) for path in options.files)
    else:
        X, X_new, z, z_new = train_test_split(*load(n_rows=2000), random_state=0)
    model = make_model(options.trees, options.seed).fit(X, z)
    density, zgrid = model.predict_dist(X_new), model.zgrid_
    z_phot = best_redshift(density, zgrid, gamma=GAMMA)
    print(f"sigma_NMAD      {metrics.sigma_nmad(z_new, z_phot):.4f}")
    print(f"outliers > .15  {metrics.outlier_rate(z_new, z_phot):.4f}")
    print(f"CDE loss        {metrics.cde_loss(z_new, density, zgrid):.2f}")
    print(f"CRPS            {metrics.crps(z_new, density, zgrid):.4f}")
    print(f"PIT KS          {metrics.pit_ks(z_new, density, zgrid):.3f}")


if __name__ == "__main__":
    main()

"""Maps and trees in a StackingRegressor.

python docs/recipes/stack_maps_and_trees.py [TABLE.hdf5]
"""

import argparse

from sample import LIMITS, load
from sklearn.ensemble import ExtraTreesRegressor, StackingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_sedzoo import metrics
from sklearn_sedzoo.photometry import MagnitudeToColor
from sklearn_sedzoo.photoz import SOMRedshiftRegressor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table", nargs="?")
    X, z = load(parser.parse_args().table, n_rows=1500)
    X, X_new, z, z_new = train_test_split(X, z, random_state=0)
    options = {"nondetection": 99, "limits": LIMITS}
    maps = make_pipeline(
        MagnitudeToColor(errors="drop", **options), StandardScaler(), SOMRedshiftRegressor(n_maps=3, random_state=0)
    )
    trees = make_pipeline(
        MagnitudeToColor(ref_band="all", colors="all", **options),
        ExtraTreesRegressor(100, min_samples_leaf=2, n_jobs=-1, random_state=0),
    )
    stack = StackingRegressor([("maps", maps), ("trees", trees)], final_estimator=RidgeCV(), cv=3)
    for name, model in (("maps", maps), ("trees", trees), ("stacked", stack)):
        z_phot = model.fit(X, z).predict(X_new)
        print(f"{name:8s} sigma_NMAD {metrics.sigma_nmad(z_new, z_phot):.4f}  "
              f"outliers {metrics.outlier_rate(z_new, z_phot):.4f}")  # fmt: skip


if __name__ == "__main__":
    main()

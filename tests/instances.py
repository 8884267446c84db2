"""The one list of configured estimators on which scikit-learn's checks and ours run.

Each entry: (estimator, {check name: reason it is expected to fail}). An expected failure that passes fails the run.
"""

from sklearn_sedzoo.embedding import ConvAutoencoderEmbedder, ResidualNetwork, SpectrumPCA, ThesisNetwork, Training
from sklearn_sedzoo.inspection import SpectrumOutlierDetector
from sklearn_sedzoo.mapping import Batch, Online, SOMClassifier, SOMClusterer, SOMMapper, SOMRegressor
from sklearn_sedzoo.photometry import MagnitudeToColor, SyntheticPhotometry
from sklearn_sedzoo.photoz import SOMRedshiftRegressor
from sklearn_sedzoo.preprocessing import (
    ContinuumRemover,
    ExtinctionCorrector,
    FluxNormalizer,
    FluxScale,
    LineMasker,
    SpectrumResampler,
    SpectrumSmoother,
)

_ONLINE = "MiniSom draws single samples: training with weights equals training with repeated rows only on average"
_DRAWN = "the split and the order of the spectra are drawn: weight 2 equals a repeated row only on average"
_QUANTILES = "quantiles lie between spectra: those of weight 2 and of repeated rows differ by a part of their distance"
_SHORT = {"training": Training(n_epochs=1, batch_size=64), "random_state": 0}

INSTANCES = [
    (SpectrumResampler(), {}),
    (SpectrumResampler(grid=7, wavelength="index", fill_value=0.0, min_coverage=0.5, on_bad="mask"), {}),
    (SpectrumResampler(grid=5, wavelength="index", redshift=0.25), {}),
    (LineMasker([2.0], wavelength="index", fill="interpolate"), {}),
    (ExtinctionCorrector(0.0, wavelength="index"), {}),
    (SpectrumSmoother(1e5, wavelength="index"), {}),
    (ContinuumRemover("polynomial", degree=0, wavelength="index", on_bad="mask"), {}),
    (FluxNormalizer(), {}),
    (FluxNormalizer(statistic="median"), {}),
    (FluxNormalizer(statistic="l2"), {}),
    (FluxScale(), {}),
    (
        ConvAutoencoderEmbedder(1, architecture=ResidualNetwork((2,), patch=4, activation="tanh"), **_SHORT),
        {"check_sample_weight_equivalence_on_dense_data": _DRAWN},
    ),
    (
        ConvAutoencoderEmbedder(1, architecture=ThesisNetwork((2,), kernel_size=3, pool_size=2), **_SHORT),
        {"check_sample_weight_equivalence_on_dense_data": _DRAWN},
    ),
    (SpectrumPCA(1), {}),
    (SpectrumPCA(1, whiten="robust"), {"check_sample_weight_equivalence_on_dense_data": _QUANTILES}),
    (SOMMapper(4, 3, algorithm=Batch(n_epochs=5)), {}),
    (SOMMapper(4, 3, output="coordinates", topology="hexagonal", is_toroidal=True, algorithm=Batch(n_epochs=5)), {}),
    (
        SOMMapper(4, 3, algorithm=Online(n_epochs=2), random_state=0),
        {"check_sample_weight_equivalence_on_dense_data": _ONLINE},
    ),
    (SyntheticPhotometry({"a": ([0.2, 0.8, 1.4], [0, 1, 0])}, wavelength="index", out_of_range="zero"), {}),
    (
        SyntheticPhotometry(
            {"a": ([0.2, 0.8], [1, 1]), "b": ([0.4, 0.9], [0, 1])},
            wavelength="index",
            redshifts=(0.0, 0.1),
            output="luptitude",
            out_of_range="zero",
            detector="energy",
            softening=1e-3,
        ),
        {},
    ),
    (MagnitudeToColor(ref_band=0), {}),
    (MagnitudeToColor(ref_band="all", colors="all", nondetection=99, limits=None), {}),
    (SOMClusterer(SOMMapper(4, 3, algorithm=Batch(n_epochs=5)), n_clusters=3), {}),
    (SOMClassifier(SOMMapper(4, 3, algorithm=Batch(n_epochs=5))), {}),
    (SOMClassifier(SOMMapper(4, 3, algorithm=Batch(n_epochs=5)), n_near=3, fallback="prior", random_state=0), {}),
    (SOMRegressor(SOMMapper(14, 14, algorithm=Batch(n_epochs=5))), {}),
    (
        SOMRegressor(
            SOMMapper(4, 3, algorithm=Batch(n_epochs=5)),
            statistic="local_linear",
            n_neighbors=10,
            n_maps=2,
            random_state=0,
        ),
        {},
    ),
    (SpectrumOutlierDetector(random_state=0), {}),
    (SpectrumOutlierDetector(false_alarm_rate=0.1, calibration_fraction=0.5, random_state=1), {}),
    (SOMRedshiftRegressor(n_maps=3, random_state=0), {}),
    (
        SOMRedshiftRegressor(
            SOMMapper(7, 7, algorithm=Batch(n_epochs=5)), n_maps=3, statistic="median", random_state=0
        ),
        {},
    ),
]

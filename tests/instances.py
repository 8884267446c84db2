"""The one list of configured estimators on which scikit-learn's checks and ours run.

Each entry: (estimator, {check name: reason it is expected to fail}). An expected failure that passes fails the run.
"""

from sklearn_sedzoo.preprocessing import FluxNormalizer, FluxScale, SpectrumResampler

INSTANCES = [
    (SpectrumResampler(), {}),
    (SpectrumResampler(grid=7, wavelength="index", fill_value=0.0, min_coverage=0.5, on_bad="mask"), {}),
    (FluxNormalizer(), {}),
    (FluxNormalizer(statistic="median"), {}),
    (FluxNormalizer(statistic="l2"), {}),
    (FluxScale(), {}),
]

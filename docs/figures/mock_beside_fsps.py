"""Draw the built-in mock beside FSPS: spectra of five ages and the 4000-Angstrom break against age.

    SEDZOO_DATA=FOLDER python docs/figures/mock_beside_fsps.py docs/images/mock_beside_fsps.png

FOLDER holds sedzoo_fsps_1000.fits (FSPS through the PROVABGS emulator).
"""

import os
import pathlib
import sys

import matplotlib.pyplot as plt
import numpy as np

from sklearn_sedzoo import FluxNormalizer
from sklearn_sedzoo.datasets import make_sed_catalog
from sklearn_sedzoo.io import read_catalog

AGES = (0.1, 0.3, 1.0, 3.0, 8.0)  # Gyr


def measure_break(catalog):
    """D4000 of Balogh et al. 1999: flux per frequency in 4000-4100 over 3850-3950 Angstrom."""
    per_frequency = catalog.flux * catalog.wavelength**2
    red = (catalog.wavelength >= 4000) & (catalog.wavelength <= 4100)
    blue = (catalog.wavelength >= 3850) & (catalog.wavelength <= 3950)
    return per_frequency[:, red].mean(axis=1) / per_frequency[:, blue].mean(axis=1)


def main(path):
    catalogs = {
        "built-in mock": make_sed_catalog(1000, random_state=0),
        "FSPS (PROVABGS emulator)": read_catalog(pathlib.Path(os.environ["SEDZOO_DATA"]) / "sedzoo_fsps_1000.fits"),
    }
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained", width_ratios=(1.2, 1.2, 1))
    axes[1].sharey(axes[0])
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.9, len(AGES)))
    for ax, (name, catalog) in zip(axes, catalogs.items(), strict=False):
        flux = FluxNormalizer((4050, 4150), wavelength=catalog.wavelength).fit_transform(catalog.flux)
        properties = catalog.properties
        for age, color in zip(AGES, colors, strict=True):
            distance = np.abs(np.log(properties["age"] / age)) + 2 * np.abs(properties["metallicity"])
            ax.plot(catalog.wavelength, flux[distance.argmin()], color=color, lw=0.8, label=f"{age:g} Gyr")
        ax.set(title=name, xlabel="wavelength [Å]", ylim=(0, 2))
    axes[0].set_ylabel("normalized flux")
    axes[0].legend(frameon=False, fontsize="small", title="age, solar metallicity")
    for (name, catalog), color in zip(catalogs.items(), ("#d55e00", "#0072b2"), strict=True):
        axes[2].semilogx(catalog.properties["age"], measure_break(catalog), ".", ms=3, color=color, label=name)
    axes[2].set(xlabel="age [Gyr]", ylabel="4000-Å break", xlim=(0.03, 10))
    axes[2].legend(frameon=False, fontsize="small", loc="upper left")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1])

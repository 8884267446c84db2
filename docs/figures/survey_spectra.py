"""Draw observed galaxies as read and as they come out of resampling and normalization, with their errors.

    SEDZOO_DATA=FOLDER python docs/figures/survey_spectra.py docs/images/survey_spectra.png

FOLDER/real holds MaNGA_test_spectra.fits.gz (SDSS-IV MaNGA) and desi_coadd-*.fits (DESI EDR).
"""

import os
import pathlib
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from sklearn_sedzoo import FluxNormalizer, SpectrumResampler
from sklearn_sedzoo.io import read_catalog, stack_spectra
from sklearn_sedzoo.preprocessing import ABSORPTION_LINES, EMISSION_LINES

BAND = (5400, 5600)


def draw_manga(axes, catalog):
    """Left: as read. Right: rest frame, common grid, unit flux in the band; two sigma in grey."""
    catalog = catalog[catalog.quality == 0]
    resampler = SpectrumResampler(1500, grid_range=(3700, 7000), spacing="log", redshift="redshift", min_coverage=0.5)
    result = FluxNormalizer(BAND).fit_transform(resampler.fit_transform(catalog)).to_numpy()
    flux, ivar = result[:, :1500], result[:, 1500:]
    grid = resampler.wavelength_out_
    for row, color in enumerate(plt.get_cmap("viridis")(np.linspace(0, 0.9, len(catalog)))):
        seen = np.where(catalog.ivar[row] > 0, catalog.flux[row], np.nan)
        label = f"z = {catalog.redshift[row]:.3f}"
        axes[0].plot(catalog.wavelength, seen / np.nanmedian(seen) + row, color=color, lw=0.6, label=label)
        error = np.divide(2, np.sqrt(ivar[row]), out=np.full(1500, np.nan), where=ivar[row] > 0)
        axes[1].fill_between(grid, flux[row] - error + row, flux[row] + error + row, color="0.8", lw=0)
        axes[1].plot(grid, flux[row] + row, color=color, lw=0.6)
    for name, line in {**ABSORPTION_LINES, "[O III]": EMISSION_LINES["[O III] 5008"]}.items():
        axes[1].axvline(line, color="0.6", lw=0.5, zorder=0)
        axes[1].text(line, 8.6, name, rotation=90, ha="right", va="top", fontsize=7, color="0.3")
    axes[1].axvspan(*BAND, color="C1", alpha=0.15, lw=0)
    axes[0].set(title="MaNGA, as read", ylabel="flux, scaled and shifted", xlim=(3600, 8000), ylim=(0, 8.8))
    axes[1].set(title="rest frame, resampled, normalized", xlim=(3700, 7000), ylim=(0, 8.8))
    axes[0].legend(fontsize=6, loc="upper left", ncols=2)


def draw_desi(axes, catalog):
    """Left: one spectrum as read, in its three arms joined. Right: in bins of 8 Angstrom, two sigma in grey."""
    catalog = catalog[(catalog.quality == 0) & (catalog.ivar > 0).any(axis=1)]
    resampler = SpectrumResampler(750, grid_range=(3700, 9700), min_coverage=0.5)
    result = resampler.fit_transform(catalog).to_numpy()
    flux, ivar = result[:, :750], result[:, 750:]
    for row in range(len(catalog)):
        shift = 6 * row
        seen = np.where(catalog.ivar[row] > 0, catalog.flux[row], np.nan)
        axes[0].plot(catalog.wavelength, seen + shift, lw=0.3, color=f"C{row}")
        error = np.divide(2, np.sqrt(ivar[row]), out=np.full(750, np.nan), where=ivar[row] > 0)
        level = flux[row] + shift
        axes[1].fill_between(resampler.wavelength_out_, level - error, level + error, color="0.8", lw=0)
        axes[1].plot(resampler.wavelength_out_, level, lw=0.7, color=f"C{row}")
    axes[0].set(title="DESI, three arms joined", ylabel="flux [1e-17 erg / (s cm2 Å)], shifted")
    axes[1].set(title="bins of 8 Å, 2 sigma in grey")
    for ax in axes:
        ax.set(xlim=(3600, 9850), ylim=(-4, 6 * len(catalog) + 2))


def main(path):
    folder = pathlib.Path(os.environ["SEDZOO_DATA"]) / "real"
    warnings.simplefilter("ignore")
    figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
    draw_manga(axes[0], read_catalog(folder / "MaNGA_test_spectra.fits.gz"))
    desi = [read_catalog(file) for file in sorted(folder.glob("desi_coadd-*.fits"))]
    for table in desi:
        table.properties = table.properties[["TARGETID", "ebv"]]
    draw_desi(axes[1], stack_spectra(desi))
    for ax in axes.flat:
        ax.set_xlabel("wavelength [Å]")
        ax.yaxis.set_major_locator(MaxNLocator(6))
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main(sys.argv[1])

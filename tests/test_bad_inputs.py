"""What happens with bad input, case by case; the numbers are those of the list of bad inputs that the project keeps.

Each case is one function: it holds the input, and what the user gets. `python -m pytest tests/test_bad_inputs.py -v`
prints the table.
"""

import gzip
import pathlib

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.nddata import InverseVariance, NDData
from astropy.table import QTable, Table
from scipy import sparse
from specutils import Spectrum, SpectrumList

from sklearn_sedzoo import SpectrumTable
from sklearn_sedzoo.exceptions import SedDataWarning, SedGridWarning, SedReadError
from sklearn_sedzoo.io import QUALITY_BITS, read_catalog, read_spectra, write_catalog
from sklearn_sedzoo.preprocessing import FluxNormalizer, SpectrumResampler, air_to_vacuum

GRID = np.linspace(4000.0, 5000.0, 101)
FLUX = np.random.default_rng(0).lognormal(size=(4, 101))
BINS = np.linspace(4050.0, 4900.0, 40)
CASES = []


def case(number, name):
    """Add a function to the table under its number."""

    def add(function):
        CASES.append(pytest.param(function, id=f"{number:02d}-{name}"))
        return function

    return add


@pytest.mark.parametrize("act", CASES)
def test_bad_input(act, tmp_path, monkeypatch):
    names = act.__code__.co_varnames[: act.__code__.co_argcount]
    act(**{name: {"path": tmp_path, "monkeypatch": monkeypatch}[name] for name in names})


def test_the_table_is_complete():
    numbers = sorted({int(param.id[:2]) for param in CASES})
    assert numbers == [*range(1, 6), *range(7, 10), *range(14, 76)]


def refuses(message, function, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=message):
        function(*args, **kwargs)


def resampler(**parameters):
    return SpectrumResampler(BINS, **{"wavelength": GRID, **parameters})


def frame(**columns):
    return pd.DataFrame(FLUX, columns=[str(float(w)) for w in GRID]).assign(**columns)


def with_value(value, row=2, pixel=50, dtype=float):
    flux = FLUX.astype(dtype)
    flux[row, pixel] = value
    return flux


def file_of(path, flux=FLUX, wavelength=GRID, unit="Angstrom", **images):
    column = fits.Column("wavelength", "D", unit=unit, array=wavelength)
    grid = fits.BinTableHDU.from_columns([column], name="WAVELENGTH")
    extra = [fits.ImageHDU(value, name=name) for name, value in images.items()]
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(flux, name="FLUX"), grid, *extra]).writeto(path, checksum=True)
    return path


# ---------------------------------------------------------------- files


@case(1, "empty file")
def _(path):
    for name in ("a.fits", "a.csv"):
        (path / name).write_bytes(b"")
        refuses(rf"{name} is empty \(0 bytes\)", read_catalog, path / name, error=SedReadError)


@case(2, "web page saved as FITS")
def _(path):
    (path / "a.fits").write_bytes(b"<!DOCTYPE html><html>404 Not Found</html>")
    refuses(r"a\.fits is a web page.*Fetch it again", read_catalog, path / "a.fits", error=SedReadError)


@case(3, "truncated data")
def _(path):
    file = file_of(path / "b.fits", np.tile(FLUX, (100, 1)))
    file.write_bytes(file.read_bytes()[:200_000])
    refuses(r"b\.fits .*truncated \(200000 bytes on disk", read_catalog, file, error=SedReadError)
    file_of(path / "a.fits")
    with pytest.warns(SedDataWarning, match=r"1 of 2 files cannot be read, first b\.fits"):
        table = read_spectra(path, on_bad="drop")
    assert len(table) == 4
    with pytest.warns(SedDataWarning, match="1 of 2 files"):
        table = read_spectra(path)
    assert table.quality.tolist()[-1] & QUALITY_BITS["unreadable"]
    assert table.properties["file"].tolist() == ["a.fits"] * 4 + ["b.fits"]
    refuses(r"b\.fits", read_spectra, path, on_bad="raise", error=SedReadError)


@case(4, "truncated header")
def _(path):
    file = file_of(path / "a.fits")
    file.write_bytes(file.read_bytes()[:1000])
    refuses(r"a\.fits cannot be read as FITS", read_catalog, file, error=SedReadError)


@case(5, "checksum mismatch")
def _(path):
    file = file_of(path / "a.fits")
    content = bytearray(file.read_bytes())
    place = content.index(FLUX.astype(">f8").tobytes()[:8])
    content[place + 7] ^= 1
    file.write_bytes(bytes(content))
    with pytest.warns(UserWarning, match=r"a\.fits.*may be damaged") as caught:
        read_catalog(file)
    assert len(caught) <= 2  # checksum and datasum
    refuses(r"a\.fits is damaged", read_catalog, file, strict=True, error=SedReadError)


@case(7, "missing column")
def _(path):
    Table({"fluxx": FLUX, "age": np.arange(4)}).write(path / "a.fits")
    refuses(r"no table with a vector column FLUX.*fluxx, age.*nearest name is FLUXX", read_catalog, path / "a.fits")
    pd.DataFrame({"age": [1.0]}).to_csv(path / "a.csv", index=False)
    refuses(r"no columns named by wavelengths.*Its columns are age", read_catalog, path / "a.csv")


@case(8, "gzip that is none")
def _(path):
    (path / "a.fits.gz").write_bytes(b"\x1f\x8bnot gzip at all")
    refuses(r"a\.fits\.gz cannot be read as FITS", read_catalog, path / "a.fits.gz", error=SedReadError)
    whole = gzip.compress(file_of(path / "b.fits").read_bytes())
    (path / "b.fits.gz").write_bytes(whole[: len(whole) // 2])
    refuses(r"b\.fits\.gz cannot be read as FITS", read_catalog, path / "b.fits.gz", error=SedReadError)


@case(9, "file vanishes mid-read")
def _(path, monkeypatch):
    file = file_of(path / "a.fits")

    def vanish(hdus, *args):
        file.unlink()
        raise OSError("Stale file handle")

    monkeypatch.setattr("sklearn_sedzoo.io._catalog.read_layout", vanish)
    refuses(r"a\.fits.*vanished while it was read", read_catalog, file, error=SedReadError)


@case(14, "two files with different grids")
def _(path):
    file_of(path / "a.fits")
    file_of(path / "b.fits", FLUX[:, :90], np.linspace(4010.0, 4950.0, 90))
    refuses("different wavelength grids: 101 pixels from 4000 .* Pass grid=", read_spectra, path, error=SedReadError)
    table = read_spectra(path, grid=BINS)
    np.testing.assert_allclose(table.flux[:4], resampler().fit_transform(FLUX), rtol=1e-12)
    assert len(table) == 8


@case(15, "file still being written")
def _(path, monkeypatch):
    from sklearn_sedzoo.io import _catalog

    file, read = file_of(path / "a.fits"), _catalog.read_layout

    def grow(*args):
        with open(file, "ab") as handle:
            handle.write(b"\0" * 2880)
        return read(*args)

    monkeypatch.setattr(_catalog, "read_layout", grow)
    refuses(r"a\.fits.*still being written: \d+ bytes at first, \d+ after", read_catalog, file, error=SedReadError)


@case(16, "variable-length columns")
def _(path):
    rows = [np.arange(4000.0, 4000 + 10 * n, 10.0) for n in (30, 50, 41)]
    columns = [
        fits.Column("flux", "PD()", array=np.array([row * 2 for row in rows], dtype=object)),
        fits.Column("wavelength", "PD()", unit="Angstrom", array=np.array(rows, dtype=object)),
        fits.Column("z", "D", array=[0.1, 0.2, 0.3]),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path / "a.fits")
    table = read_catalog(path / "a.fits")
    np.testing.assert_allclose(table.wavelength, rows[1])
    assert np.isfinite(table.flux).sum(axis=1).tolist() == [30, 50, 41]
    np.testing.assert_allclose(table.flux[2, :41], 2 * rows[2])
    np.testing.assert_array_equal(table.redshift, [0.1, 0.2, 0.3])


# ---------------------------------------------------------------- units and wavelengths


@case(17, "no unit")
def _(path):
    refuses(r"have no unit\. Pass it, for example unit='Angstrom'", read_catalog, file_of(path / "a.fits", unit=None))
    assert len(read_catalog(path / "a.fits", unit="Angstrom")) == 4


@case(18, "wrong kind of flux density")
def _():
    refuses("a density per frequency, but density='wavelength'. Pass density='frequency'", resampler().fit, FLUX * u.Jy)
    resampler(density="frequency").fit(FLUX * u.Jy)
    resampler().fit(FLUX * u.Unit("erg / (s cm2 AA)"))
    table = SpectrumTable(FLUX, GRID, flux_unit="Jy")
    refuses("a density per frequency", SpectrumResampler(BINS).fit, table)
    refuses(
        "a density per wavelength, but density='frequency'", resampler(density="frequency").fit, FLUX * u.W / u.m**3
    )


@case(19, "nm read as Angstrom, Angstrom as nm")
def _(path):
    hint = "is 'nm', but the numbers 4000 to 5000 look like Angstrom. Pass unit='Angstrom'"
    refuses(hint, resampler(unit="nm").fit, FLUX)
    refuses("look like nm", SpectrumResampler(10, wavelength=np.linspace(350, 900, 101)).fit, FLUX)
    refuses(r"a\.fits.*look like Angstrom", read_catalog, file_of(path / "a.fits", unit="nm"), error=SedReadError)


@case(20, "micron")
def _():
    expected = resampler().fit_transform(FLUX)
    np.testing.assert_allclose(resampler(wavelength=GRID / 1e4, unit="micron").fit_transform(FLUX), expected, rtol=1e-9)
    refuses("look like Angstrom", resampler(unit="micron").fit, FLUX)
    refuses("look like micron", SpectrumResampler(10, wavelength=GRID / 1e4).fit, FLUX)


@case(21, "frequency, ascending")
def _():
    frequency = (GRID * u.AA).to("THz", equivalencies=u.spectral())
    expected = resampler().fit_transform(FLUX)
    np.testing.assert_allclose(resampler(wavelength=frequency).fit_transform(FLUX), expected, rtol=1e-9)
    rising = resampler(wavelength=frequency[::-1]).fit_transform(FLUX[:, ::-1])
    np.testing.assert_allclose(rising, expected, rtol=1e-9)


@case(22, "wavenumber")
def _():
    result = resampler(wavelength=1e8 / GRID, unit="1/cm").fit_transform(FLUX)
    np.testing.assert_allclose(result, resampler().fit_transform(FLUX), rtol=1e-9)


@case(23, "log10 of the wavelength")
def _():
    log = np.log10(GRID)
    refuses(r"look like log10\(Angstrom\)", resampler(wavelength=log).fit, FLUX)
    expected = resampler().fit_transform(FLUX)
    for unit in ("log10(Angstrom)", "loglam", u.dex(u.AA)):
        np.testing.assert_allclose(resampler(wavelength=log, unit=unit).fit_transform(FLUX), expected, rtol=1e-9)


@case(24, "descending")
def _(path):
    expected = resampler().fit_transform(FLUX)
    np.testing.assert_allclose(resampler(wavelength=GRID[::-1]).fit_transform(FLUX[:, ::-1]), expected, rtol=1e-12)
    table = read_catalog(file_of(path / "a.fits", FLUX[:, ::-1], GRID[::-1]))
    np.testing.assert_array_equal(table.flux, FLUX)
    np.testing.assert_array_equal(table.wavelength, GRID)


@case(25, "duplicates")
def _(path):
    grid = np.r_[GRID[:50], GRID[49:-1]]
    refuses("at index 49. Sort the columns and remove duplicates", resampler(wavelength=grid).fit, FLUX)
    refuses(r"a\.fits.*at index 49", read_catalog, file_of(path / "a.fits", wavelength=grid), error=SedReadError)


@case(26, "not monotonic")
def _():
    refuses("must rise or fall strictly.*at index 2", resampler(wavelength=GRID[np.r_[0, 1, 3, 2, 4:101]]).fit, FLUX)


@case(27, "NaN in wavelength")
def _():
    refuses(
        "finite and positive, got .*nan.* at index 3",
        resampler(wavelength=np.where(GRID[3] == GRID, np.nan, GRID)).fit,
        FLUX,
    )


@case(28, "zero or negative wavelength")
def _():
    for value in (0.0, -4000.0):
        grid = np.r_[value, GRID[1:]]
        refuses("finite and positive.* at index 0", resampler(wavelength=grid).fit, FLUX)


@case(29, "air and vacuum")
def _():
    table = SpectrumTable(FLUX, GRID, medium="air")
    with pytest.warns(SedGridWarning, match="declares wavelengths in air, but they are taken as vacuum.*medium='air'"):
        SpectrumResampler(BINS, medium="vacuum").fit(table)
    converted = SpectrumResampler(BINS).fit_transform(table)
    np.testing.assert_allclose(converted, resampler(wavelength=air_to_vacuum(GRID)).fit_transform(FLUX), rtol=1e-12)


@case(30, "wavelengths and columns differ in number")
def _(path):
    refuses(r"for each of the 101 columns of X, got shape \(100,\)", resampler(wavelength=GRID[1:]).fit, FLUX)
    file = file_of(path / "a.fits", FLUX[:, 1:])
    refuses("101 wavelengths do not match spectra of 100 pixels", read_catalog, file, error=SedReadError)


@case(31, "no overlap with the target grid")
def _():
    for fill in (None, 0.0):
        step = resampler(fill_value=fill).set_params(grid=BINS + 2000)
        refuses("40 of 40 bins .*not covered by the input, 3995 to 5005 Angstrom", step.fit, FLUX)


@case(32, "partial overlap")
def _():
    grid = np.linspace(4900.0, 5100.0, 20)
    refuses("are not covered by the input", resampler().set_params(grid=grid).fit, FLUX)
    step = resampler(fill_value=np.nan).set_params(grid=grid).fit(FLUX)
    np.testing.assert_array_equal(np.isnan(step.transform(FLUX)), np.tile(step.coverage_ < 1, (4, 1)))
    assert 0 < np.count_nonzero(step.coverage_ < 1) < 20


@case(33, "band outside the grid")
def _():
    refuses("is 3000 to 3100 Angstrom, but X has 3995 to 5005", FluxNormalizer((3000, 3100), wavelength=GRID).fit, FLUX)


@case(34, "band of 0 or 1 pixels")
def _():
    refuses("0 pixels in the band", FluxNormalizer((4001, 4002), statistic="median", wavelength=GRID).fit, FLUX)
    one = FluxNormalizer((4008, 4012), statistic="median", wavelength=GRID).fit(FLUX)
    np.testing.assert_array_equal(one.scale(FLUX), FLUX[:, 1])


@case(35, "redshift missing")
def _():
    refuses("`redshift` .* is 'redshift', but X has no column of that name", resampler(redshift="redshift").fit, FLUX)
    fitted = SpectrumResampler(BINS[5:-5], redshift="redshift", on_bad="mask").fit(frame(redshift=0.001))
    refuses("redshift", fitted.transform, frame())


@case(36, "redshift negative, NaN or above 20")
def _():
    step = SpectrumResampler(BINS[5:-5], redshift="redshift", on_bad="mask")
    for value in (-0.5, np.nan, 21.0):
        refuses(
            "must be finite, above -0.1 and at most 20: 1 of 4 .*first at row 3",
            step.fit,
            frame(redshift=[0, 0, 0, value]),
        )
    refuses(r"in \(-0.1, 20\]", resampler(redshift=21.0).fit, FLUX)
    step.fit(frame(redshift=[0, 0, 0, -0.001]))


# ---------------------------------------------------------------- fluxes


@case(37, "one NaN pixel")
def _(path):
    refuses(
        "1 of 4 spectra are not finite; first at row 2, column 50", resampler(on_bad="raise").fit, with_value(np.nan)
    )
    masked = resampler(on_bad="mask").fit_transform(with_value(np.nan))
    assert np.isnan(masked).any(axis=1).tolist() == [False, False, True, False]
    file = file_of(path / "a.fits", with_value(np.nan))
    assert read_catalog(file).quality.tolist() == [0, 0, QUALITY_BITS["not_finite"], 0]
    refuses(r"1 of 4 spectra are bad; first at row 2 \(not_finite: 1\)", read_catalog, file, on_bad="raise")
    assert len(read_catalog(file, on_bad="drop")) == 4  # one masked pixel is no reason to lose a spectrum
    empty = np.where(np.arange(4)[:, None] == 2, np.nan, FLUX)
    with pytest.warns(SedDataWarning, match=r"empty: 1.*They are left out"):
        assert len(read_catalog(file_of(path / "b.fits", empty), on_bad="drop")) == 3


@case(38, "row of NaN")
def _(path):
    flux = FLUX.copy()
    flux[1] = np.nan
    refuses("1 of 4 spectra are not finite; first at row 1", resampler(on_bad="raise").fit, flux)
    assert np.isnan(resampler(on_bad="mask").fit_transform(flux)[1]).all()
    assert read_catalog(file_of(path / "a.fits", flux)).quality[1] & QUALITY_BITS["empty"]


@case(39, "+inf")
def _():
    refuses("row 2, column 50", resampler(on_bad="raise").fit, with_value(np.inf))
    expected = resampler(on_bad="mask").fit_transform(with_value(np.nan))
    np.testing.assert_array_equal(resampler(on_bad="mask").fit_transform(with_value(np.inf)), expected)


@case(40, "-inf")
def _():
    refuses("row 2, column 50", FluxNormalizer(on_bad="raise").fit, with_value(-np.inf))
    assert np.isfinite(np.delete(FluxNormalizer().fit_transform(with_value(-np.inf)), 50, axis=1)).all()


@case(41, "row of zeros")
def _(path):
    flux = FLUX.copy()
    flux[1] = 0
    assert read_catalog(file_of(path / "a.fits", flux)).quality.tolist() == [0, QUALITY_BITS["zero"], 0, 0]
    with pytest.warns(SedDataWarning, match=r"1 of 4 spectra have no positive mean flux.*rows \[1\]"):
        assert np.isnan(FluxNormalizer().fit_transform(flux)[1]).all()


@case(42, "zero mean in the band")
def _():
    flux = FLUX.copy()
    flux[3, ::2], flux[3, 1::2] = 1.0, -1.0
    flux[3, 0] = 0.0
    with pytest.warns(SedDataWarning, match="first at row 3"):
        result = FluxNormalizer(statistic="pixel_mean").fit_transform(flux)
    assert np.isnan(result[3]).all()
    assert np.isfinite(result[:3]).all()


@case(43, "negative mean in the band")
def _():
    flux = FLUX.copy()
    flux[0] *= -1
    step = FluxNormalizer((4050, 4150), wavelength=GRID, on_bad="raise")
    refuses(r"no positive mean flux in the band \(4050, 4150\).*first at row 0", step.fit(FLUX).transform, flux)


@case(44, "negative pixels")
def _():
    flux = with_value(-0.5)
    assert np.isfinite(resampler().fit_transform(flux)).all()
    assert (FluxNormalizer(on_bad="raise").fit_transform(flux) < 0).sum() == 1


@case(45, "constant spectrum")
def _():
    np.testing.assert_allclose(resampler().fit_transform(np.full((2, 101), 3.0)), 3.0, rtol=1e-12)
    np.testing.assert_array_equal(FluxNormalizer().fit_transform(np.full((2, 101), 3.0)), 1.0)


@case(46, "huge values")
def _():
    expected = FluxNormalizer().fit_transform(resampler().fit_transform(FLUX))
    result = FluxNormalizer().fit_transform(resampler().fit_transform(FLUX * 1e300))
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    longer = np.full((2, 101), np.finfo(np.float64).max, dtype=np.longdouble) * 4
    if np.isfinite(longer).all():  # where a longdouble is longer
        refuses("more than float64 can. Scale the fluxes first", resampler().fit, longer)


@case(47, "tiny values")
def _():
    expected = FluxNormalizer().fit_transform(resampler().fit_transform(FLUX))
    result = FluxNormalizer().fit_transform(resampler().fit_transform(FLUX * 1e-40))
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    in_float32 = FluxNormalizer().fit_transform(resampler().fit_transform((FLUX * 1e-17).astype("f4")))
    np.testing.assert_allclose(in_float32, expected, rtol=2e-6)


@case(48, "sentinel")
def _(path):
    file = file_of(path / "a.fits", with_value(-9999.0))
    table = read_catalog(file, sentinels=-9999)
    assert np.isnan(table.flux[2, 50])
    assert table.quality.tolist() == [0, 0, QUALITY_BITS["sentinel"], 0]
    assert read_catalog(file).quality.tolist() == [0, 0, 0, 0]  # a number like any other until declared


@case(49, "masked array")
def _():
    masked = np.ma.MaskedArray(with_value(1e9), mask=with_value(1e9) == 1e9)
    refuses("row 2, column 50", resampler(on_bad="raise").fit, masked)
    expected = resampler(on_bad="mask").fit_transform(with_value(np.nan))
    np.testing.assert_array_equal(resampler(on_bad="mask").fit_transform(masked), expected)


def table_with_ivar(value):
    ivar = np.ones_like(FLUX)
    ivar[2, 50] = value
    return SpectrumTable(with_value(1e9), GRID, ivar=ivar)


@case(50, "inverse variance 0")
def _():
    values = SpectrumResampler(BINS).fit_transform(table_with_ivar(0.0)).to_numpy()
    expected = resampler(on_bad="mask").fit_transform(with_value(np.nan))
    np.testing.assert_allclose(values[:, :40], expected, rtol=1e-12)
    np.testing.assert_array_equal(values[:, 40:] == 0, np.isnan(expected))


@case(51, "inverse variance negative or NaN")
def _(path):
    for value in (-1.0, np.nan, np.inf):
        refuses("negative or not finite: 1 of 4 .*row 2, pixel 50", SpectrumResampler(BINS).fit, table_with_ivar(value))
    table = table_with_ivar(-1.0)
    table = read_catalog(file_of(path / "a.fits", table.flux, IVAR=table.ivar))
    assert table.quality.tolist() == [0, 0, QUALITY_BITS["bad_ivar"], 0]
    assert table.ivar[2, 50] == 0


@case(52, "cosmic ray")
def _():
    robust = FluxNormalizer((4400, 4600), statistic="median", wavelength=GRID).fit(FLUX)
    np.testing.assert_allclose(robust.scale(with_value(1e6)), robust.scale(FLUX), rtol=0.2)


# ---------------------------------------------------------------- types and containers


def same(X, rtol=1e-12, **parameters):
    """The result is that of the float64 array."""
    result = np.asarray(resampler(**parameters).fit_transform(X))
    np.testing.assert_allclose(result, resampler().fit_transform(FLUX), rtol=rtol)
    return result


@case(53, ">f4")
def _():
    assert same(FLUX.astype(">f4"), 1e-6).dtype == np.float32


@case(54, ">f8")
def _():
    same(FLUX.astype(">f8"))


@case(55, ">i2 with BZERO and BSCALE")
def _(path):
    image = fits.ImageHDU((FLUX * 100).astype("i2"), name="FLUX")
    image.header["BSCALE"], image.header["BZERO"] = 0.01, 5.0
    grid = fits.BinTableHDU.from_columns([fits.Column("wave", "D", unit="Angstrom", array=GRID)], name="WAVE")
    fits.HDUList([fits.PrimaryHDU(), image, grid]).writeto(path / "a.fits")
    np.testing.assert_allclose(read_catalog(path / "a.fits").flux, fits.getdata(path / "a.fits", "FLUX"))
    whole = np.round(FLUX * 100).astype(">i2")
    np.testing.assert_allclose(resampler().fit_transform(whole), resampler().fit_transform(whole.astype(float)))


@case(56, "float16")
def _():
    same(FLUX.astype(np.float16), 2e-3)


@case(57, "longdouble")
def _():
    assert same(FLUX.astype(np.longdouble)).dtype == np.float64


@case(58, "integers")
def _():
    whole = np.round(FLUX * 100).astype(int)
    assert resampler().fit_transform(whole).dtype == np.float64


@case(59, "bool")
def _():
    refuses("must hold numbers, got dtype dtype\\('bool'\\)", resampler().fit, FLUX > 1)
    refuses("got 101 columns of other types: 4000.0", SpectrumResampler(BINS).fit, frame() > 1)


@case(60, "complex")
def _():
    refuses("Complex data not supported", resampler().fit, FLUX + 0j)


@case(61, "object of numbers")
def _():
    same(FLUX.astype(object))
    same(frame().astype(object), wavelength=None)


@case(62, "ragged lists")
def _():
    ragged = [row[: 101 - i].tolist() for i, row in enumerate(FLUX)]
    message = r"different lengths, 98 to 101 pixels \(row 0: 101, row 1: 100\).*stack_spectra"
    refuses(message, resampler().fit, ragged)
    refuses(message, resampler().fit, np.array(ragged, dtype=object))


@case(63, "strings")
def _():
    refuses("must hold numbers", resampler().fit, FLUX.astype(str))
    refuses("must hold numbers", resampler().fit, FLUX.astype(str).astype(object))


@case(64, "masked array without a mask")
def _():
    same(np.ma.MaskedArray(FLUX))


@case(65, "Quantity")
def _():
    same(FLUX * u.Unit("1e-17 erg / (s cm2 AA)"))
    same(FLUX, wavelength=(GRID / 10) * u.nm, rtol=1e-9)


@case(66, "NDData, Spectrum and SpectrumList")
def _():
    same(NDData(FLUX))
    same(Spectrum(flux=FLUX * u.W / u.m**3, spectral_axis=GRID * u.AA), wavelength=None)
    parts = [Spectrum(flux=row * u.W / u.m**3, spectral_axis=GRID / 10 * u.nm) for row in FLUX]
    same(SpectrumList(parts), wavelength=None, rtol=1e-9)
    mask = np.zeros(101, dtype=bool)
    mask[50] = True
    noisy = Spectrum(
        flux=FLUX[0] * u.W / u.m**3, spectral_axis=GRID * u.AA, mask=mask, redshift=0.1,
        uncertainty=InverseVariance(np.full(101, 4.0)),
    )  # fmt: skip
    columns = SpectrumTable(*_parts_of(noisy)).to_frame().columns
    assert columns[-1] == "redshift"
    values = SpectrumResampler(BINS).fit_transform(noisy).to_numpy()
    np.testing.assert_array_equal(
        np.isnan(values[0, :40]), np.isnan(resampler(on_bad="mask").fit_transform(with_value(np.nan))[2])
    )
    other = Spectrum(flux=FLUX[0] * u.W / u.m**3, spectral_axis=(GRID + 3.3) * u.AA)
    refuses("Spectrum 1 has another wavelength grid", SpectrumResampler(BINS).fit, SpectrumList([parts[0], other]))


def _parts_of(spectrum):
    from sklearn_sedzoo._containers import table_from_specutils

    table = table_from_specutils(spectrum)
    assert table.ivar[0, 50] == 0
    return table.flux, table.wavelength, table.properties


@case(67, "Table and QTable")
def _():
    wavelength = np.tile(GRID / 10, (4, 1)) * u.nm
    for kind in (Table, QTable):
        same(kind({"flux": FLUX, "wavelength": wavelength, "age": np.arange(4)}), wavelength=None, rtol=1e-9)
    refuses(
        "wavelengths in the table X have no unit.*or set it in the data",
        resampler().fit,
        Table({"flux": FLUX, "wavelength": wavelength.value}),
    )
    same(Table.from_pandas(frame()), wavelength=None)


@case(68, "columns that are no numbers")
def _():
    refuses("1 columns of other types: name. Drop them", SpectrumResampler(BINS).fit, frame(name="M31"))
    refuses("1 of 102 column names are no wavelengths, e.g. \\['age'\\]", SpectrumResampler(BINS).fit, frame(age=1.0))


@case(69, "columns in another order")
def _():
    fitted = SpectrumResampler(BINS).fit(frame())
    refuses("feature names", fitted.transform, frame().iloc[:, ::-1])


@case(70, "polars and pyarrow")
def _():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    same(polars.from_dict(frame().to_dict(orient="list")), wavelength=None)
    same(pyarrow.Table.from_pandas(frame()), wavelength=None)


@case(71, "sparse")
def _():
    refuses("[Ss]parse data was passed", resampler().fit, sparse.csr_array(FLUX), error=TypeError)


@case(72, "tensors")
def _():
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    same(jax.numpy.asarray(FLUX), 1e-6)
    same(torch.tensor(FLUX))
    if torch.cuda.is_available():
        refuses("Use Tensor.cpu()", resampler().fit, torch.tensor(FLUX, device="cuda"), error=TypeError)


@case(73, "read-only memory map")
def _(path):
    np.save(path / "a.npy", FLUX)
    same(np.load(path / "a.npy", mmap_mode="r"))


@case(74, "memory layouts")
def _():
    same(np.asfortranarray(FLUX))
    same(np.repeat(np.repeat(FLUX, 2, axis=0), 3, axis=1)[::2, ::3])
    row = np.broadcast_to(FLUX[0], (3, 101))
    np.testing.assert_allclose(resampler().fit_transform(row), resampler().fit_transform(FLUX[[0, 0, 0]]), rtol=1e-12)


@case(75, "lazy arrays")
def _():
    class Lazy:
        """What a dask array shows of itself."""

        shape = FLUX.shape

        def __dask_graph__(self):
            raise AssertionError("computed behind the user's back")

        def __array__(self, *args, **kwargs):
            raise AssertionError("computed behind the user's back")

    for lazy in [Lazy(), *_dask_arrays()]:
        refuses(r"is a lazy .*Pass X\.compute\(\)", resampler().fit, lazy, error=TypeError)


def _dask_arrays():
    try:
        import dask.array as da
    except ImportError:
        return []
    return [da.from_array(FLUX)]


def test_what_was_written_with_errors_is_read_with_errors(tmp_path):
    table = table_with_ivar(0.0)
    table.properties = pd.DataFrame({"redshift": np.arange(4) / 10})
    write_catalog(tmp_path / "a.fits", table)
    again = read_catalog(pathlib.Path(tmp_path / "a.fits"))
    np.testing.assert_array_equal(again.ivar, table.ivar)
    np.testing.assert_array_equal(again.redshift, table.redshift)

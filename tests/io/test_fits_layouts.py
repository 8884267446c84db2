"""Spectra in FITS as instruments and programs write them, laid out here after their data models."""

import numpy as np
import pytest
from astropy.io import fits

from sklearn_sedzoo.exceptions import NoSpectraError, SedReadError
from sklearn_sedzoo.io import diagnose_catalog, read_catalog
from sklearn_sedzoo.io._fits_layouts import read_layout

N = 300
FLUX = np.random.default_rng(3).lognormal(size=(4, N)).astype("f4")
LINEAR = 4800 + 1.25 * np.arange(N)


def image(path, data=FLUX[0], extensions=(), **cards):
    hdu = fits.PrimaryHDU(data)
    hdu.header.update({name.replace("_", "-") if name == "DC_FLAG" else name: value for name, value in cards.items()})
    fits.HDUList([hdu, *extensions]).writeto(path)
    return path


AXIS = {"CRVAL1": 4800.0, "CDELT1": 1.25, "CRPIX1": 1.0}
LOG = {"CRVAL1": np.log10(4800.0), "CDELT1": 1e-4, "CRPIX1": 1.0}
LOGARITHMIC = 4800 * 10 ** (1e-4 * np.arange(N))


@pytest.mark.parametrize("rows", [slice(0, 1), slice(0, 4)])
@pytest.mark.parametrize(
    ("cards", "unit", "expected"),
    [
        ({**AXIS, "CUNIT1": "Angstrom"}, None, LINEAR),
        ({**AXIS, "CUNIT1": "ANGSTROMS"}, None, LINEAR),
        (AXIS, "Angstrom", LINEAR),
        ({**AXIS, "CTYPE1": "WAVE"}, "Angstrom", LINEAR),
        ({**AXIS, "CUNIT1": "pixel"}, "Angstrom", LINEAR),
        ({**AXIS, "CUNIT1": "A.U."}, "AA", LINEAR),
        ({**AXIS, "CUNIT1": "Angstrom", "CDELT1": 1.0, "CD1_1": 1.25}, None, LINEAR),
        ({**AXIS, "CUNIT1": "Angstrom", "CRPIX1": 101.0, "CRVAL1": LINEAR[100]}, None, LINEAR),
        ({"CRVAL1": 4800.0, "CDELT1": 1.25, "CUNIT1": "Angstrom"}, None, LINEAR),  # the first pixel has CRVAL1
        ({"CRVAL1": 4.8e-7, "CDELT1": 1.25e-10, "CRPIX1": 1, "CTYPE1": "WAVE", "CUNIT1": "m"}, None, LINEAR),
        ({**AXIS, "WAT0_001": "system=equispec", "WAT1_001": "wtype=linear label=Wavelength units=angstroms"}, None,
         LINEAR),
        ({**AXIS, "WAT1_001": "wtype=linear label=Wavelength units=Angstroms units_display=nm"}, None, LINEAR),
        (LOG, "log10(Angstrom)", LOGARITHMIC),
        ({**LOG, "CUNIT1": "log10(Angstrom)"}, None, LOGARITHMIC),
        ({**LOG, "CTYPE1": "LOG-LAMBDA"}, "loglam", LOGARITHMIC),
        ({**LOG, "DC_FLAG": 1}, "Angstrom", LOGARITHMIC),
        ({**LOG, "DC_FLAG": 1, "WAT1_001": "wtype=linear label=Wavelength units=Angstroms"}, None, LOGARITHMIC),
        ({**AXIS, "CDELT1": 4800 * np.log(10) * 1e-4, "CTYPE1": "AWAV-LOG", "CUNIT1": "Angstrom"}, None, LOGARITHMIC),
    ],
)  # fmt: skip
def test_the_axis_of_an_image(tmp_path, rows, cards, unit, expected):
    data = FLUX[0] if rows.stop == 1 else FLUX[rows]
    table = read_catalog(image(tmp_path / "a.fits", data, **cards), unit=unit)
    np.testing.assert_allclose(table.wavelength, expected, rtol=1e-9)
    np.testing.assert_array_equal(table.flux, FLUX[rows])


@pytest.mark.parametrize("ndim", [1, 2])
@pytest.mark.parametrize(
    ("cards", "unit", "message"),
    [
        (AXIS, None, r"have no unit\. Pass it, for example unit='Angstrom' \(--unit"),
        ({**AXIS, "CTYPE1": "WAVE"}, None, "have no unit"),
        (LOG, None, r"have no unit\. Pass it, for example unit='log10\(Angstrom\)'"),
        (LOG, "Angstrom", r"look like log10\(Angstrom\)\. Pass unit='log10"),
        ({**LOG, "CUNIT1": "Angstrom"}, None, r"look like log10\(Angstrom\)"),
        ({**AXIS, "CUNIT1": "m"}, None, "4800 to 5173.75 look like Angstrom"),
        ({**AXIS, "CUNIT1": "pixel"}, None, "the file says 'pixel'.*unit='Angstrom'"),
        ({**AXIS, "CTYPE1": "AWAV-GRI", "CUNIT1": "Angstrom"}, None, "AWAV-GRI.*not read"),
        ({"CRVAL1": 4800.0}, None, "no CRVAL1 beside CDELT1 or CD1_1"),
    ],
)
def test_no_unit_of_an_axis_is_guessed(tmp_path, ndim, cards, unit, message):
    with pytest.raises(SedReadError, match=message):
        read_catalog(image(tmp_path / "a.fits", FLUX[0] if ndim == 1 else FLUX, **cards), unit=unit)


def test_what_was_assumed_is_said(tmp_path):
    cards = {"CRVAL1": 4800.0, "CDELT1": 1.25, "CUNIT1": "Angstrom"}
    assert "CRPIX1 is missing: the first pixel has CRVAL1" in str(
        diagnose_catalog(read_catalog(image(tmp_path / "a.fits", **cards)))
    )


@pytest.mark.parametrize(
    ("cards", "medium"),
    [
        ({"CTYPE1": "AWAV"}, "air"),
        ({"CTYPE1": "WAVE"}, "vacuum"),
        ({"CTYPE1": "AWAV-LOG"}, "air"),
        ({"CTYPE1": "WAVELENGTH"}, None),
        ({"CTYPE1": "LINEAR"}, None),
        ({"CTYPE1": "WAVE", "AIRORVAC": "air"}, "air"),
        ({"VACUUM": True}, "vacuum"),
        ({"VACUUM": False}, "air"),
        ({"VACUUM": 1e-6}, None),
    ],
)
def test_the_medium_that_a_header_states(tmp_path, cards, medium):
    assert read_catalog(image(tmp_path / "a.fits", CUNIT1="Angstrom", **AXIS, **cards)).medium == medium


@pytest.mark.parametrize(("ucd", "medium"), [("em.wl;obs.atmos", "air"), ("em.wl", None), ("spect.dopplerVeloc", None)])
def test_a_table_of_eso_phase_3(tmp_path, ucd, medium):
    parts = {"WAVE": LINEAR, "FLUX": FLUX[0], "ERR": np.full(N, 0.5), "SNR": np.ones(N)}
    units = ["angstrom", "10**(-16)erg.cm**(-2).s**(-1).angstrom**(-1)", "", ""]
    columns = [
        fits.Column(name, f"{N}D", unit=unit or None, array=[values])
        for (name, values), unit in zip(parts.items(), units, strict=True)
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    hdu.header["TUCD1"] = ucd
    hdu.writeto(tmp_path / "a.fits")
    table = read_catalog(tmp_path / "a.fits")
    assert (table.medium, table.density) == (medium, "wavelength")
    np.testing.assert_array_equal(table.ivar, np.full((1, N), 4.0))
    assert table.meta["unused"] == ["SPECTRUM/SNR"]


def extension(data, name):
    return fits.ImageHDU(data, name=name)


@pytest.mark.parametrize(
    ("name", "power"),
    [("IVAR", 1), ("INVVAR", 1), ("VAR", -1), ("VARIANCE", -1), ("STAT", -1), ("NOISE", -0.5), ("ERR", -0.5),
     ("ERRS", -0.5), ("ERR_FLUX", -0.5), ("SIG", -0.5), ("UNC", -0.5), ("STD", -0.5), ("flux_error", -0.5),
     ("e_flux", -0.5)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["image", "table"])
def test_errors_are_read_whatever_they_are_called(tmp_path, kind, name, power):
    ivar = np.random.default_rng(0).uniform(0.5, 2, FLUX.shape)
    if kind == "image":
        image(tmp_path / "a.fits", FLUX, [extension(ivar**power, name)], CUNIT1="Angstrom", **AXIS)
    else:
        axis = fits.Column("WAVELENGTH", f"{N}D", unit="Angstrom", array=np.tile(LINEAR, (4, 1)))
        columns = [fits.Column("FLUX", f"{N}E", array=FLUX), fits.Column(name, f"{N}D", array=ivar**power), axis]
        fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "a.fits")
    np.testing.assert_allclose(read_catalog(tmp_path / "a.fits").ivar, ivar, rtol=1e-12)


def test_weights_are_no_errors_but_named(tmp_path):
    extra = [extension(FLUX, "WEIGHT"), extension(FLUX[:, :7], "STAMP"), extension(FLUX[0], "SKY")]
    table = read_catalog(image(tmp_path / "a.fits", FLUX, extra, CUNIT1="Angstrom", **AXIS))
    assert table.ivar is None
    assert table.meta["unused"] == ["WEIGHT", "SKY"]
    found = diagnose_catalog(table)
    assert found.facts["not read"] == "WEIGHT, SKY"
    assert found.facts["errors"] == "none"


def test_a_scale_in_the_header_multiplies_flux_and_errors(tmp_path):
    columns = [
        fits.Column("WAVELENGTH", "E", unit="Angstrom", array=LINEAR),
        fits.Column("SIGNAL", "E", unit="erg/s/cm2/Angstrom", array=FLUX[0]),
        fits.Column("VAR", "E", array=np.full(N, 4.0)),
    ]
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header["FSCALE"] = 1e-16
    hdu.writeto(tmp_path / "a.fits")
    table = read_catalog(tmp_path / "a.fits")
    np.testing.assert_allclose(table.flux, FLUX[:1] * 1e-16, rtol=1e-6)
    np.testing.assert_allclose(table.ivar, 0.25e32, rtol=1e-12)


def test_marz_and_muse(tmp_path):
    fibres = fits.BinTableHDU.from_columns([fits.Column("NAME", "6A", array=["a", "b", "c", "d"])], name="FIBRES")
    axis = {"CTYPE1": "Wavelength", "CUNIT1": "Angstroms", "CRVAL1": LINEAR[150], "CRPIX1": 151, "CDELT1": 1.25}
    parts = [extension(np.full_like(FLUX, 4), "VARIANCE"), extension(FLUX[0], "SKY"), fibres]
    table = read_catalog(image(tmp_path / "marz.fits", FLUX, parts, **axis))
    np.testing.assert_allclose(table.wavelength, LINEAR)
    assert (table.ivar == 0.25).all()
    assert table.properties["NAME"].tolist() == list("abcd")
    assert table.meta["unused"] == ["SKY"]
    data, stat = extension(FLUX[0], "DATA"), extension(np.full(N, 4.0), "STAT")
    for hdu in (data, stat):
        hdu.header.update({**AXIS, "CTYPE1": "AWAV", "CUNIT1": "Angstrom"})
    data.header["BUNIT"] = "10**(-20)*erg/s/cm**2/Angstrom"
    image(tmp_path / "Spectrum_1.fits", None, [data, stat])
    table = read_catalog(tmp_path / "Spectrum_1.fits")
    assert (table.medium, table.density, len(table)) == ("air", "wavelength", 1)
    assert (table.ivar == 0.25).all()
    assert table.meta["unused"] == []


def test_the_bands_of_an_iraf_extraction(tmp_path):
    cube = np.stack([FLUX[:1], FLUX[1:2], FLUX[2:3], np.full((1, N), 0.5, dtype="f4")])
    bands = ["spectrum - background fit", "raw - background fit", "background - fit", "sigma - background fit"]
    cards = {f"BANDID{i}": band for i, band in enumerate(bands, 1)}
    table = read_catalog(image(tmp_path / "a.fits", cube, CUNIT1="Angstrom", **AXIS, **cards))
    np.testing.assert_array_equal(table.flux, FLUX[:1])
    assert (table.ivar == 4).all()
    with pytest.raises(SedReadError, match="spectra as rows of a 2-D array"):
        read_catalog(image(tmp_path / "b.fits", cube[:, [0, 0]], CUNIT1="Angstrom", **AXIS))


@pytest.mark.parametrize("kind", ["linear", "log", "chebyshev", "legendre"])
def test_the_axes_of_iraf_multispec(tmp_path, kind):
    x = (np.arange(1, N + 1) - (N + 1) / 2) / ((N - 1) / 2)  # -1 to 1
    second = {"chebyshev": 2 * x**2 - 1, "legendre": (3 * x**2 - 1) / 2}
    function = {"chebyshev": 1, "legendre": 2}.get(kind)
    if kind == "linear":
        spec, expected = "0 4800. 1.25 300 0. 10. 20.", LINEAR
    elif kind == "log":
        spec, expected = f"1 {np.log10(4800):.16g} 1D-4 300 0. 10. 20.", LOGARITHMIC
    else:
        spec = f"2 4800. 1.25 300 0.01 10. 20. 1. 0. {function} 3 1. 300. 5000. 200. -3."
        expected = (5000 + 200 * x - 3 * second[kind]) / 1.01
    text = "wtype=multispec " + " ".join(f'spec{i} = "{i} {i} {spec}"' for i in (1, 2))
    cards = {f"WAT2_{k + 1:03d}": text[68 * k : 68 * (k + 1)] for k in range(-(-len(text) // 68))}
    cards |= {"WAT1_001": "wtype=multispec label=Wavelength units=angstroms", "CTYPE1": "MULTISPE"}
    table = read_catalog(image(tmp_path / "a.fits", FLUX[:2], **cards))
    np.testing.assert_allclose(table.wavelength, expected, rtol=1e-9)
    np.testing.assert_array_equal(table.flux, FLUX[:2])


def test_an_image_with_a_grid_for_each_row(tmp_path):
    grid = LINEAR + 1.25 * np.arange(4)[:, None]
    wave = extension(grid, "WAVE")
    wave.header["BUNIT"] = "Angstrom"
    table = read_catalog(image(tmp_path / "a.fits", None, [extension(FLUX, "FLUX"), wave]))
    np.testing.assert_allclose(table.wavelength, 4800 + 1.25 * np.arange(N + 3))
    np.testing.assert_array_equal(table.flux[2, 2 : 2 + N], FLUX[2])


def test_a_file_without_spectra_is_told_from_a_broken_one(tmp_path):
    fits.BinTableHDU.from_columns([fits.Column("Z", "D", array=[0.1, 0.2])]).writeto(tmp_path / "zcat.fits")
    with pytest.raises(NoSpectraError, match="no 2-D image FLUX"):
        read_catalog(tmp_path / "zcat.fits")


def test_layouts_tell_what_they_used(tmp_path):
    path = image(tmp_path / "a.fits", FLUX, [extension(FLUX, "IVAR"), extension(FLUX, "MODEL")], **AXIS)
    with fits.open(path) as hdus:
        [table] = read_layout(hdus, path, "Angstrom")
    assert table.meta["used"] == {"PRIMARY", "IVAR"}

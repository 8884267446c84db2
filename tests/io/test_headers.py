"""Headers that claim what cannot be."""

import numpy as np
import pytest
from astropy.io import fits

from sklearn_sedzoo.exceptions import SedReadError
from sklearn_sedzoo.io import read_catalog, read_photometry
from sklearn_sedzoo.io._headers import check_headers


@pytest.fixture
def sound(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("wavelength", "D", array=4000.0 + np.arange(120))])
    table.name, table.columns["wavelength"].unit = "WAVELENGTH", "Angstrom"
    ragged = fits.BinTableHDU.from_columns([fits.Column("a", "PD()", array=np.array([[1.0], [1.0, 2]], dtype=object))])
    image = fits.ImageHDU(np.ones((6, 120), "f4"), name="FLUX")
    fits.HDUList([fits.PrimaryHDU(), image, table, ragged]).writeto(tmp_path / "a.fits")
    return tmp_path / "a.fits"


def test_sound_files_pass_and_are_walked_to_the_end(sound):
    with open(sound, "rb") as file:
        check_headers(file, sound)
    assert len(read_catalog(sound)) == 6


@pytest.mark.parametrize(
    ("card", "value", "message"),
    [
        ("GCOUNT", "-1", "GCOUNT of HDU 1 is '-1', it must be at least 1"),
        ("GCOUNT", "0", "GCOUNT of HDU 1 is '0', it must be at least 1"),
        ("PCOUNT", "-2880", "PCOUNT of HDU 1 is '-2880', it must be at least 0"),
        ("NAXIS1", "-120", "NAXIS1 of HDU 1 is '-120', it must be at least 0"),
        ("NAXIS", "-2", "NAXIS of HDU 1 is '-2', it must be at least 0"),
        ("NAXIS", "1000", "NAXIS of HDU 1 is 1000, it must be at most 999"),
        ("NAXIS", "5", "NAXIS3 of HDU 1 is ''"),
        ("BITPIX", "7", "BITPIX of HDU 1 is '7', it must be one of"),
        ("BITPIX", "T", "BITPIX of HDU 1 is 'T'"),
    ],
)
def test_what_cannot_be_is_refused_at_once(sound, card, value, message):
    data = bytearray(sound.read_bytes())
    place = data.index(f"{card:<8}=".encode(), 2880)  # of the image
    data[place + 10 : place + 30] = value.rjust(20).encode()
    sound.write_bytes(data)
    for read in (read_catalog, read_photometry):
        with pytest.raises(SedReadError, match=message.replace("(", r"\(")):
            read(sound)


@pytest.mark.parametrize("card", ["NAXIS1", "NAXIS2", "PCOUNT"])
def test_data_beyond_the_end_of_the_file_are_no_loop(sound, card):
    data = bytearray(sound.read_bytes())
    place = data.index(f"{card:<8}=".encode(), 2880)
    data[place + 10 : place + 30] = b"99999999999".rjust(20)
    sound.write_bytes(data)
    with pytest.raises(SedReadError, match=r"a\.fits"):
        read_catalog(sound)

"""Sizes that the headers of a FITS file claim, checked before anything is read by them."""

from __future__ import annotations

from sklearn_sedzoo.exceptions import SedReadError

BLOCK, CARD = 2880, 80
BITPIX = (8, 16, 32, 64, -32, -64)


def check_headers(file, path):
    """Raise where a header claims what cannot be: a reader would follow it for ever, or out of the file.

    Missing bytes at the end are no matter of this check: a truncated file is said to be so elsewhere.
    """
    file.seek(0, 2)
    end, start, n_hdus = file.tell(), 0, 0
    while start < end:
        sizes, start = _read_sizes(file, start)
        if sizes is None:  # no END: truncated, or padding behind the last HDU
            break
        start += _n_blocks(_count_bytes(sizes, n_hdus, path)) * BLOCK
        n_hdus += 1
    file.seek(0)


def _read_sizes(file, start):
    """Return the cards that tell the size of the HDU at `start` (None without an END), and where its data begin."""
    sizes = {}
    file.seek(start)
    while block := file.read(BLOCK):
        start += len(block)
        for i in range(0, len(block), CARD):
            name = block[i : i + 8].rstrip()
            if name == b"END":
                return sizes, start
            if name in {b"BITPIX", b"PCOUNT", b"GCOUNT", b"GROUPS"} or name.startswith(b"NAXIS"):
                sizes.setdefault(name.decode("ascii", "replace"), block[i + 10 : i + CARD].split(b"/")[0].strip())
    return None, start


def _count_bytes(sizes, number, path):
    """Return the length of the data in bytes."""

    def read(name, default, low, allowed=None):
        text = sizes.get(name, default)
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < low or (allowed and value not in allowed):
            given = text.decode("ascii", "replace") if isinstance(text, bytes) else text
            what = f"one of {allowed}" if allowed else f"at least {low}"
            raise SedReadError(f"{path} is damaged: {name} of HDU {number} is {given!r}, it must be {what}.")
        return value

    n_axes = read("NAXIS", 0, 0)
    if n_axes == 0:
        return 0
    if n_axes > 999:
        raise SedReadError(f"{path} is damaged: NAXIS of HDU {number} is {n_axes}, it must be at most 999.")
    shape = [read(f"NAXIS{i + 1}", b"", 0) for i in range(n_axes)]
    is_group = shape[0] == 0 and sizes.get("GROUPS") == b"T"
    total = 1
    for length in shape[1:] if is_group else shape:
        total *= length
    return abs(read("BITPIX", b"", -64, BITPIX)) // 8 * read("GCOUNT", 1, 1) * (read("PCOUNT", 0, 0) + total)


def _n_blocks(n_bytes):
    return -(-n_bytes // BLOCK)

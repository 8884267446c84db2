"""Statistics of properties, cell by cell."""

import numpy as np
import pandas as pd

from sklearn_sedzoo._kernels.som_donors import group_rows


def summarize_cells(cells, table, shape):
    """Return a DataFrame of counts, medians and scatters (half of 16-84 %) of the columns of `table` in each cell."""
    n_cells = shape[0] * shape[1]
    order, starts = group_rows(cells, n_cells)
    index = pd.MultiIndex.from_tuples(list(np.ndindex(shape)), names=["row", "column"])
    out = {"count": np.diff(starts)}
    for name in table.columns:
        values = table[name].to_numpy(dtype=float)[order]
        counts, medians, scatters = np.zeros(n_cells, dtype=int), np.full(n_cells, np.nan), np.full(n_cells, np.nan)
        for cell in np.flatnonzero(np.diff(starts)):
            known = values[starts[cell] : starts[cell + 1]]
            known = known[~np.isnan(known)]
            counts[cell] = len(known)
            if len(known):
                low, medians[cell], high = np.percentile(known, [16, 50, 84])
                scatters[cell] = (high - low) / 2
        out |= {f"{name}_count": counts, f"{name}_median": medians, f"{name}_scatter": scatters}
    return pd.DataFrame(out, index=index)

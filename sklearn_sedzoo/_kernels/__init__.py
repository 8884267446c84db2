"""Pure array functions on numpy and scipy: no estimators, no units, no tables."""

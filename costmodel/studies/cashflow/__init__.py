"""Money over time: the months of a horizon, worth, payback, renewal."""

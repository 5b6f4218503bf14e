"""Statistics of scores: estimates, bootstrap intervals, strata."""

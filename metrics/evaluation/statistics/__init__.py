"""Statistics of scores: estimates, intervals, strata."""

"""Label-free teachers: trust in 2-D joints from the fit of a 3-D body."""

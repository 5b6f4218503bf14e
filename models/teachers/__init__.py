"""Label-free teachers: how well a plausible body explains a 2-D pose."""

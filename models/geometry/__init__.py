"""Pure-torch geometry: rotation, SimCC distributions and decoding."""

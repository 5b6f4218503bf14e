"""Sources of trust targets, one registered component per file."""

"""What runs around models, data sets and metrics."""

"""Reading of predictions and annotations, and their matching."""

"""Reading predictions and annotations, and matching them."""

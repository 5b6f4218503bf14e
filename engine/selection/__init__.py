"""Selection of the images to label or to review next."""

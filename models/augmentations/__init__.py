"""Views of crops: similarity transforms and strong augmentation."""

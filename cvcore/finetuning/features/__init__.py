"""The frozen lower half of a network: where it is split, and what it computes of images and their augmented copies."""

"""The map of an iteration's images, and the images selected on it."""

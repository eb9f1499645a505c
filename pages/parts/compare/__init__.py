"""The parts of Compare: the verdict in words, the differences tag by tag, and the images that changed."""

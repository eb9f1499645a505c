"""More like this: from an image anywhere to the images of the project that look most like it."""

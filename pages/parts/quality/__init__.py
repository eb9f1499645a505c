"""What makes images hard to learn from, at upload and on the Images page."""

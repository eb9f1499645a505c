"""What to do next with an iteration, each step with the way to its place."""

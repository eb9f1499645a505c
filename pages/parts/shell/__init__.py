"""What every page stands in: the project, its address, text, work in the background."""

"""What all pages share: the project, its address, text, work in the background."""

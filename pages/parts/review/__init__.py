"""Review images: those behind a number or of a list, with their answers, and corrections of their tags."""

"""What each operation of the API does: a module for each kind of thing, a function for each operation."""

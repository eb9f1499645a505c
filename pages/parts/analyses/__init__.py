"""What all analyses that the worker makes have in common on the pages."""

"""The Images page's parts."""

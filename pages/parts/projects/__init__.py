"""The Projects page's parts."""

"""The Performance page's parts."""

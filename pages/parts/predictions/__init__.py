"""The Predictions page's parts."""

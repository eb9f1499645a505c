"""The Predictions page: the filter, and the gallery of kept predictions with its buttons."""

"""Searches for images by tags, metadata and what is known of them, and how many there are."""

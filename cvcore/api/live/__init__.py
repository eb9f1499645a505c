"""Answers the frames of live cameras, in fair order."""

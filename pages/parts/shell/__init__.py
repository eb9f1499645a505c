"""Shared by all pages: the store, the choice of project, addresses, text and errors, work in the background."""

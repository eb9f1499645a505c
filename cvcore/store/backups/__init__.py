"""Copies of the database: one before each change of its schema, and those of a backup."""

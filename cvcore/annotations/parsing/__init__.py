"""Bytes of tables and of JSON as rows and records, whatever they say."""

"""HTTP requests to addresses that users give: one DNS look-up, public addresses only, a time limit.

Imports the modules beside the packages only.
"""

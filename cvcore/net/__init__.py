"""HTTP requests to addresses that strangers gave: looked up once, public addresses only, within a deadline.

Imports the modules beside the packages only.
"""

"""HTTP requests to addresses from outside: looked up once, public addresses only, within a deadline.

Imports the modules beside the packages only.
"""

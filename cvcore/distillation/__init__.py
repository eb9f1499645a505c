"""How the built-in network was made: run by hand, needs PyTorch, imported by nothing else.

Imports `networks` and the packages below it.
"""

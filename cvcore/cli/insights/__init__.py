"""Commands that print analyses of a trained iteration, one module a command."""

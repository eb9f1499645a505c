"""How Custom Vision's API reads requests and writes answers: parameters, forms, files, JSON, error codes."""

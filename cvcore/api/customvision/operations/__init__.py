"""The handlers of the API's operations: one module per kind of record, one function per operation."""

"""Requests as handlers receive them, and responses: XML, headers, conditions, ranges, errors."""

"""The Class page: open a class, let pupils join, hand out and collect, look at their work, end it."""

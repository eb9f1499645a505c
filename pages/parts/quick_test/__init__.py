"""One image and what an iteration says of it: the Quick Test page's parts."""

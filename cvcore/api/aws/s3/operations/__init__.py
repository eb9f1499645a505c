"""One function per operation, in modules by noun: buckets, objects, keys, uploads."""

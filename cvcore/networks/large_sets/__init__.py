"""Embeddings that are too many for memory: read from a file in blocks, and heads that are fitted in passes over them.

`blocks` says how many are too many, puts them into a file and reads them; `passes` sums gradients over all rows;
`descent` finds the minimum with few passes, `stages` with fewer rows at first; `axes` are those of heads' kernels;
`tag_weights` weighs the rows.
"""

"""Parts of the Performance page: its list of iterations, one module per view, and images to review and retag."""

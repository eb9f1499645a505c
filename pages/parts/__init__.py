"""What the pages show: a folder for each page, `shell` for what all share, `widgets` for those with JavaScript."""

"""What is known of images beside their tags: of their files, by content, and of where each image came from."""

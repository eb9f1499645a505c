"""What is known of images beside their tags: shown, filtered by, and edited for several images at once."""

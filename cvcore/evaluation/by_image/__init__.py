"""What is found in an iteration's arrays image by image, in little memory however many images there are."""

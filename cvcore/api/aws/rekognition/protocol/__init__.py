"""What Rekognition's clients send and read: requests, errors, tokens of pages."""

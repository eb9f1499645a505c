"""Amazon's protocols for its own clients: signed requests to Rekognition Custom Labels and to S3."""

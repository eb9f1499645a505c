"""The handlers of Rekognition's operations, and the requests that they take."""

"""HTTP routes and middleware beside the pages: images, downloads, password, and the APIs of Custom Vision and Rekognition."""

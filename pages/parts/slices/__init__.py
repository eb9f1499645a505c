"""The view of slices on the Performance page: any part of the images, and the parts that do worst."""

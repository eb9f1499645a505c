"""What Rekognition Custom Labels' clients know a project by: ARNs, datasets, entries, versions, policies and tags."""

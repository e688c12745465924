"""Looking into recovery points: folders and files as they were, also inside disk images, without restoring them."""

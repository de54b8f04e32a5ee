"""A stranger's side: attacks on a running house, over HTTP only (`vestibule doctor --attack`)."""

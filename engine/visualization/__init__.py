"""Pictures of poses, colored by trust."""

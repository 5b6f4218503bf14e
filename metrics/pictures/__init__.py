"""Pictures of poses, coloured by trust."""

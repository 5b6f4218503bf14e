"""The human body: description, camera, kinematic chain and pose prior."""

"""The human body: skeleton, camera, residuals, kinematic chain, prior."""

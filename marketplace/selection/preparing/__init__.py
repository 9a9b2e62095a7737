"""A need before it is published: what comes of it while it is being written, and whether so few
firms could enter it that the bureau looks."""

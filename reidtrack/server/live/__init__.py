"""Live cameras in the browser: the process that watches them, what is kept of what it tells, and who may see which."""

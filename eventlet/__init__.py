"""Green threads for network programs: see README.rst."""

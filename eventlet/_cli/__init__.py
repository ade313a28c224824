"""What `python -m eventlet` can do; one module for each command, with a `main(arguments)`."""
